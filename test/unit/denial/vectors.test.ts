import { readFileSync } from 'node:fs'
import t from 'tap'
import type { RawHeaders } from '../../../src/denial/hint.ts'
import { readHint } from '../../../src/denial/read-hint.ts'
import { isJsonObject, parseJsonObject } from '../../../src/json-object.ts'
import { rawHeaders } from './denial-of.ts'

interface Expectation {
  readonly kind: unknown
  readonly scopes: readonly unknown[]
  readonly mode: unknown
}

interface Vector {
  readonly title: string
  readonly status: number
  readonly headers: RawHeaders
  readonly body: Uint8Array
  readonly accepted: readonly Expectation[]
}

const CASES = 114
const vectors = loadVectors(new URL('../../vectors/hints.json', import.meta.url))

t.test('the vectors file holds all of its cases', async (t) => {
  t.equal(vectors.length, CASES)
})

for (const { title, status, headers, body, accepted } of vectors) {
  t.test(title, async (t) => {
    const { kind, scopes, mode } = readHint(status, headers, body)
    const isAccepted = accepted.some((one) => isSame(one, { kind, scopes, mode }))
    t.ok(isAccepted, `${JSON.stringify({ kind, scopes, mode })} is one of the accepted answers`)

    const nameable = new Set(accepted.flatMap((one) => one.scopes))
    const beyond = kind === 'insufficient-scope' ? scopes.filter((one) => !nameable.has(one)) : []
    t.same(beyond, [], 'no scope is read that the denial does not name')
  })
}

function isSame(one: Expectation, other: Expectation): boolean {
  return (
    JSON.stringify([one.kind, one.scopes, one.mode]) ===
    JSON.stringify([other.kind, other.scopes, other.mode])
  )
}

function loadVectors(url: URL): readonly Vector[] {
  const { cases } = asObject(parseJsonObject(`{"cases":${readFileSync(url, 'utf8')}}`))
  return asList(cases).map(toVector)
}

function toVector(value: unknown): Vector {
  const { id, note, status, headers, contentType, body, bodyEncoding, expected, alternatives } =
    asObject(value)
  const encoding = bodyEncoding === 'base64' ? 'base64' : 'utf8'
  const fields = Object.entries(asObject(headers)).map(
    ([name, values]) => [name, [values].flat().map(String)] as const,
  )
  return {
    title: `${String(id)}: ${String(note)}`,
    status: Number(status),
    headers: [
      ...rawHeaders(Object.fromEntries(fields)),
      ...(typeof contentType === 'string' ? ['Content-Type', contentType] : []),
    ],
    body: Buffer.from(String(body), encoding),
    accepted: [expected, ...asList(alternatives ?? [])].map(toExpectation),
  }
}

function toExpectation(value: unknown): Expectation {
  const { kind, scopes, mode = 'all' } = asObject(value)
  return { kind, scopes: asList(scopes), mode }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (!isJsonObject(value)) throw new TypeError('not an object')
  return value
}

function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('not a list')
  return value
}
