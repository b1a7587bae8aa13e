import { parseJsonObject } from '../json-object.ts'
import type { ReceivedAnswer } from './keycloak-request.ts'

/** RFC 9110 §8.3.1: type and subtype are case-insensitive; parameters mean nothing to JSON. */
const JSON_TYPE = /^application\/json[\t ]*(?:;|$)/i

/** The JSON object of an answer, or `undefined` where it says that it is something else, or is. */
export function parseJsonAnswer(
  answer: ReceivedAnswer,
): Readonly<Record<string, unknown>> | undefined {
  if (!JSON_TYPE.test(answer.contentType)) return undefined
  return parseJsonObject(answer.body.toString('utf8'))
}
