import { isDeepStrictEqual } from 'node:util'
import type { Answer } from './answer.ts'
import { excerpt } from './wire.ts'

/** What was seen in place of what the rule wants; its message is the report's text. */
export class Mismatch extends Error {
  override name = 'Mismatch'
}

export function expectThat(holds: boolean, seen: string): asserts holds {
  if (!holds) throw new Mismatch(seen)
}

export function expectEqual(actual: unknown, wanted: unknown, what: string): void {
  expectThat(
    isDeepStrictEqual(actual, wanted),
    `${what}: ${shown(actual)} in place of ${shown(wanted)}`,
  )
}

export function expectStatus(answer: Answer, ...statuses: readonly number[]): void {
  expectThat(
    statuses.includes(answer.status),
    `status ${answer.status} in place of ${statuses.join(' or ')}: ${excerpt(answer.text)}`,
  )
}

/** Statuses of everything on a connection, refusals without a parsable frame included. */
export function expectRefused(text: string, status: number): void {
  expectThat(
    text.startsWith(`HTTP/1.1 ${status} `),
    `${excerpt(text)} in place of ${status} and the end of the connection`,
  )
}

export function expectWithout(text: string, pattern: RegExp | string, where: string): void {
  const found = typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text)
  expectThat(!found, `${where} holds ${String(pattern)}: ${excerpt(text)}`)
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 200)
}
