import { isJsonObject, parseJsonObject } from '../../../src/json-object.ts'

/** What `ogx_verdicts.py` prints. */
export interface Answers {
  readonly version: string
  readonly answers: readonly (readonly (readonly (boolean | null)[])[] | null)[]
}

/** Throws where the output is anything else, e.g. a stack trace. */
export function parseAnswers(stdout: string): Answers {
  const object = parseJsonObject(stdout)
  if (!isAnswers(object)) throw new Error('ogx_verdicts.py printed no answers')
  return object
}

function isAnswers(value: unknown): value is Answers {
  return (
    isJsonObject(value) &&
    typeof value['version'] === 'string' &&
    isListOf(value['answers'], (one) => one === null || isListOf(one, isVerdicts))
  )
}

function isVerdicts(value: unknown): boolean {
  return isListOf(value, (verdict) => verdict === null || typeof verdict === 'boolean')
}

function isListOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne)
}
