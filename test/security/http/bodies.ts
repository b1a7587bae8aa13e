import { createHash, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { fieldsOf, pairsOf } from '../answer.ts'
import type { Check, Line } from '../check.ts'
import { inLab, withUpstream } from '../check.ts'
import { expectEqual, expectStatus, expectThat } from '../expect.ts'
import { ok } from '../kit-upstream.ts'
import { buildHouse, outcomeOf, patientHandle, SCOPE, tokenOf } from '../lab.ts'
import { headOf, openWire, send } from '../wire.ts'

/** A frame of Zstandard with one raw block (RFC 8878 §3.1.1): magic, descriptor, size, block head, 24 octets. */
const ZSTD = Buffer.concat([
  Buffer.from('28b52ffd2018c10000', 'hex'),
  Buffer.from('kit kit kit kit kit kit.'),
])

const BODIES: Readonly<Record<string, { readonly encoding?: string; readonly bytes: Buffer }>> = {
  'one octet': { bytes: Buffer.from([0]) },
  '64 KiB and one': { bytes: randomBytes(65_537) },
  '3 MiB of noise': { bytes: randomBytes(3 * 1024 * 1024) },
  gzip: { encoding: 'gzip', bytes: gzipSync(randomBytes(100_000)) },
  zstd: { encoding: 'zstd', bytes: ZSTD },
  'gzip that is none': { encoding: 'gzip', bytes: Buffer.from('not gzip at all') },
}

export const bodies: Line = {
  id: 'H6',
  topic: 'bodies',
  rule: 'byte-identical on every attempt, Content-Encoding untouched, trailers dropped, Expect answered by ourselves and never forwarded',
  checks: [
    ...Object.entries(BODIES).flatMap(([name, body]) => [
      arrives(name, body),
      comesBack(name, body),
      isReplayed(name, body),
    ]),
    withUpstream('a chunked body arrives whole, its trailers do not', async ({ url, upstream }) => {
      let trailers: readonly string[] = []
      const stand = upstream.serve(async (req, res, seen) => {
        await ok(req, res, seen)
        trailers = req.rawTrailers
      })
      const lines = ['Transfer-Encoding: chunked', 'Trailer: X-Sum']
      const body = '3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-Sum: 1\r\nAuthorization: Bearer kit\r\n\r\n'
      expectStatus(await send(url, { method: 'POST', target: stand.path, lines, body }), 200)
      expectEqual([stand.requests[0]?.bytes, trailers], [5, []], 'octets and trailers')
      expectEqual(stand.requests[0]?.authorization, undefined, 'Authorization out of the trailers')
    }),
    withUpstream('Expect is answered with 100, and never forwarded', async ({ url, upstream }) => {
      const stand = upstream.serve()
      const wire = await openWire(url)
      const lines = ['Expect: 100-continue', 'Content-Length: 3']
      wire.write(headOf(url, { method: 'POST', target: stand.path, lines }))
      await wire.until((text) => text.startsWith('HTTP/1.1 100 '))
      wire.write('abc')
      const answer = await wire.answer()
      wire.socket.destroy()
      expectEqual([answer.status, stand.requests[0]?.bytes], [200, 3], 'status and octets')
      const expects = pairsOf(stand.requests[0]?.rawHeaders ?? []).filter(([name]) =>
        /^expect$/i.test(name),
      )
      expectEqual(expects, [], 'Expect at the upstream')
    }),
    inLab('100 is sent only once pre-emption is decided', async (lab) => {
      const policy = `routes:\n  - match: { method: POST, path: STAND }\n    scopes: [${SCOPE}]\n`
      const house = await buildHouse(lab, undefined, {
        policy,
        env: { EXCHANGE_TIMEOUT_MS: '2000' },
      })
      house.realm.faults.next({ kind: 'delay', ms: 300 })
      const wire = await openWire(house.url)
      const lines = ['Expect: 100-continue', 'Content-Length: 3']
      const token = await tokenOf(lab)
      wire.write(headOf(house.url, { method: 'POST', target: house.stand.path, token, lines }))
      await wire.until((text) => text.startsWith('HTTP/1.1 100 '))
      expectEqual(house.exchanges(), 1, 'exchanges before 100')
      wire.write('abc')
      expectEqual(outcomeOf(await wire.answer()), 'preempted', 'outcome')
      wire.socket.destroy()
    }),
  ],
}

type Body = { readonly encoding?: string; readonly bytes: Buffer }

function arrives(name: string, { encoding, bytes }: Body): Check {
  return withUpstream(`${name}: arrives at the upstream as sent`, async ({ url, upstream }) => {
    const stand = upstream.serve()
    const lines = encoding === undefined ? [] : [`Content-Encoding: ${encoding}`]
    expectStatus(await send(url, { method: 'POST', target: stand.path, lines, body: bytes }), 200)
    const [seen] = stand.requests
    expectEqual(seen?.sha256, sha256(bytes), 'sha256 at the upstream')
    expectEqual(encodingOf(seen?.rawHeaders), encoding, 'Content-Encoding at the upstream')
  })
}

function comesBack(name: string, { encoding, bytes }: Body): Check {
  return withUpstream(`${name}: comes back as the upstream sent it`, async ({ url, upstream }) => {
    const stand = upstream.serve((_req, res) => {
      if (encoding !== undefined) res.setHeader('content-encoding', encoding)
      res.end(bytes)
    })
    const answer = await send(url, { target: stand.path, lines: ['Accept-Encoding: gzip, zstd'] })
    expectEqual(sha256(Buffer.from(answer.body, 'latin1')), sha256(bytes), 'sha256 at the caller')
    expectEqual(fieldsOf(answer, 'content-encoding')[0], encoding, 'Content-Encoding at the caller')
  })
}

function isReplayed(name: string, { encoding, bytes }: Body): Check {
  return inLab(`${name}: is the same on both attempts`, async (lab) => {
    const house = await buildHouse(lab, patientHandle)
    const lines = encoding === undefined ? [] : [`Content-Encoding: ${encoding}`]
    const answer = await house.call({ token: await tokenOf(lab), lines, body: bytes })
    expectThat(outcomeOf(answer) === 'stepped-up', `outcome ${outcomeOf(answer)}`)
    const seen = house.stand.requests.map((request) => [
      request.sha256,
      encodingOf(request.rawHeaders),
    ])
    const sent = [sha256(bytes), encoding]
    expectEqual(seen, [sent, sent], 'sha256 and Content-Encoding of the attempts')
  })
}

function encodingOf(rawHeaders: readonly string[] = []): string | undefined {
  return pairsOf(rawHeaders).find(([name]) => name.toLowerCase() === 'content-encoding')?.[1]
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
