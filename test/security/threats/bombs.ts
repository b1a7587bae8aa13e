import { gzipSync } from 'node:zlib'
import { parseChallenges } from '../../../src/denial/parse-challenges.ts'
import type { Check, Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual, expectThat } from '../expect.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf } from '../lab.ts'

const KIB = 1024
/** Characters that a linear parser may look at for each one of its input: it looks ahead, and goes back at most twice. */
const LOOKS_PER_CHARACTER = 8

const SHAPES: Readonly<Record<string, (length: number) => string>> = {
  commas: (length) => ','.repeat(length),
  'commas and spaces': (length) => ', '.repeat(length / 2),
  'schemes without end': (length) => 'a,'.repeat(length / 2),
  'parameters without end': (length) => `Bearer ${'a=b,'.repeat(length / 4)}`,
  'quotes that do not end': (length) => `Bearer a="${'\\"'.repeat(length / 2)}`,
  'empty quotes': (length) => `Bearer ${'a="",'.repeat(length / 5)}`,
  'one long token': (length) => 'a'.repeat(length),
  'equals signs': (length) => `Bearer ${'='.repeat(length)}`,
  spaces: (length) => `Bearer${' '.repeat(length)}`,
  'names without values': (length) => `Bearer ${'a ,'.repeat(length / 3)}`,
}

const BODIES: Readonly<Record<string, string | Buffer>> = {
  'JSON nested 30 000 deep': '['.repeat(30_000) + ']'.repeat(30_000),
  'objects nested 10 000 deep': `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  'a number of 60 000 digits': `{"error":${'9'.repeat(60_000)}}`,
  '60 000 spaces': `{"error":"insufficient_scope"${' '.repeat(60_000)}}`,
  'prototype members': `{"__proto__":{"error":"insufficient_scope","scope":"${SCOPE}"},"constructor":{}}`,
}

export const bombs: Line = {
  id: 'T4',
  topic: 'parser differentials, ReDoS, bombs',
  rule: 'strict linear parsers with bounds, and nothing is inflated: work is counted, not timed',
  checks: [
    ...Object.entries(SHAPES).map(([name, shape]) => isReadInLinearWork(name, shape)),
    inLab('64 KiB of commas in a challenge cost no exchange', async (lab) => {
      const house = await buildHouse(lab, (_req, res) => {
        res.writeHead(403, ['WWW-Authenticate', ','.repeat(64 * KIB), 'Content-Length', '0']).end()
      })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual(
        [answer.status, outcomeOf(answer), house.exchanges()],
        [403, 'no-hint', 0],
        'answer',
      )
    }),
    ...Object.entries(BODIES).map(([name, body]) => passesUnread(name, body)),
    inLab('a denial in gzip that would fill the memory is passed on, not inflated', async (lab) => {
      const bomb = gzipSync(Buffer.alloc(32 * KIB * KIB))
      const house = await buildHouse(lab, (_req, res) => {
        res.writeHead(403, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        res.end(bomb)
      })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual(
        [answer.status, answer.body.length, house.exchanges()],
        [403, bomb.length, 0],
        'status, octets, exchanges',
      )
    }),
    inLab('a denial without end is streamed on once it is too large to be read', async (lab) => {
      const house = await buildHouse(lab, (_req, res) => {
        res.writeHead(403, { 'content-type': 'application/json' })
        for (let i = 0; i < 40; i += 1) res.write(' '.repeat(4 * KIB))
        res.end('{}')
      })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual(
        [outcomeOf(answer), answer.body.length],
        ['denial-too-large', 160 * KIB + 2],
        'outcome and octets',
      )
    }),
  ],
}

function isReadInLinearWork(name: string, shape: (length: number) => string): Check {
  return inLab(`${name}: the work grows with the length and no faster`, async () => {
    for (const length of [4 * KIB, 8 * KIB - 16, 64 * KIB]) {
      const text = shape(length)
      const looks = countLooks(() => parseChallenges([text]))
      expectThat(
        looks <= LOOKS_PER_CHARACTER * text.length + 64,
        `${looks} looks at ${text.length} characters`,
      )
    }
  })
}

/** How many characters regular expressions take while `work` runs, and one for each time that they are asked. */
function countLooks(work: () => void): number {
  const { exec } = RegExp.prototype
  let looks = 0
  RegExp.prototype.exec = function counted(this: RegExp, text: string) {
    const found = exec.call(this, text)
    looks += 1 + (found?.[0]?.length ?? 0)
    return found
  }
  try {
    work()
  } finally {
    RegExp.prototype.exec = exec
  }
  return looks
}

function passesUnread(name: string, body: string | Buffer): Check {
  return inLab(`${name} in a denial: passed on, no exchange`, async (lab) => {
    const house = await buildHouse(lab, (_req, res) => {
      res.writeHead(403, { 'content-type': 'application/json' })
      res.end(body)
    })
    const answer = await house.call({ token: await tokenOf(lab) })
    expectEqual(
      [answer.status, answer.body.length, house.exchanges()],
      [403, body.length, 0],
      'status, octets, exchanges',
    )
  })
}
