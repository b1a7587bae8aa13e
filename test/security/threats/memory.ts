import { readAll, requireScope } from '../../support/upstream.ts'
import type { Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual, expectThat } from '../expect.ts'
import type { House } from '../lab.ts'
import { buildHouse, outcomeOf, protectedHandle, SCOPE, tokenOf, until } from '../lab.ts'
import { headOf, openWire, send } from '../wire.ts'

const MIB = 1024 * 1024
const TOTAL = 8 * MIB
const QUARTER = TOTAL / 4
const UPLOADS = 60
const BODY = Buffer.alloc(MIB, 'm')

export const memory: Line = {
  id: 'T13',
  topic: 'memory exhaustion by replay bodies',
  rule: 'bounds for a request, a caller and the process; recorded only for tokens that may be exchanged, given back at the first head that is no denial',
  checks: [
    inLab(
      `${UPLOADS} uploads of many callers stay within the process’s bound, and all is given back`,
      async (lab) => {
        const { peak, left } = await peakOf(lab, UPLOADS, (house) =>
          knownTokens(house, UPLOADS, (i) => `caller-${i}`),
        )
        expectThat(
          peak > 0 && peak <= TOTAL,
          `${peak} octets were recorded at once, ${TOTAL} are allowed`,
        )
        expectEqual(left, 0, 'octets at the end')
      },
    ),
    inLab(
      'uploads of one caller stay within its quarter, whatever number of tokens it has',
      async (lab) => {
        const { peak } = await peakOf(lab, 20, (house) => knownTokens(house, 20, () => 'caller'))
        expectThat(peak > 0 && peak <= QUARTER, `${peak} octets at once, ${QUARTER} are allowed`)
      },
    ),
    inLab('tokens that nobody signed share one quarter among them all', async (lab) => {
      const { peak } = await peakOf(lab, 20, (house) => forgedTokens(house, 20))
      expectThat(peak <= QUARTER, `${peak} octets at once, ${QUARTER} are allowed`)
    }),
    inLab('a body of single octets reaches the bound early', async (lab) => {
      const house = await buildHouse(lab, denyAtTheEnd, { env: { REPLAY_MAX_BYTES: '64KiB' } })
      const wire = await openWire(house.url)
      const lines = ['Transfer-Encoding: chunked']
      wire.write(
        headOf(house.url, {
          method: 'POST',
          target: house.stand.path,
          token: await tokenOf(lab),
          lines,
        }),
      )
      for (let i = 0; i < 20; i += 1) {
        wire.write('1\r\nx\r\n'.repeat(100))
        await new Promise((resolve) => setImmediate(resolve))
      }
      wire.write('0\r\n\r\n')
      expectEqual(outcomeOf(await wire.answer('POST')), 'body-not-replayable', 'outcome')
    }),
    ...['opaque-token', 'a.b.c', ''].map((token) =>
      inLab(
        `nothing is recorded for ${token === '' ? 'a request without a token' : `"${token}"`}`,
        async (lab) => {
          const house = await buildHouse(lab, (req) => void req.pause())
          const wire = await openWire(house.url)
          const lines = [
            `Content-Length: ${8 * MIB}`,
            ...(token === '' ? [] : [`Authorization: Bearer ${token}`]),
          ]
          wire.write(headOf(house.url, { method: 'POST', target: house.stand.path, lines }))
          wire.write(BODY)
          await until(() => house.stand.requests.length > 0, 'the request')
          expectEqual(await replayBytes(house.adminUrl), 0, 'octets recorded')
          wire.socket.destroy()
        },
      ),
    ),
    inLab(
      'the record is given back when a success begins, though the upload goes on',
      async (lab) => {
        const house = await buildHouse(lab, (req, res) => {
          req.once('data', () => res.write('begun'))
        })
        const wire = await openWire(house.url)
        wire.write(
          headOf(house.url, {
            method: 'POST',
            target: house.stand.path,
            token: await tokenOf(lab),
            lines: [`Content-Length: ${4 * MIB}`],
          }),
        )
        wire.write(BODY)
        await wire.until((text) => text.includes('begun'))
        await until(async () => (await replayBytes(house.adminUrl)) === 0, 'an empty record')
        wire.socket.destroy()
      },
    ),
    inLab('a caller that leaves takes its record along', async (lab) => {
      const house = await buildHouse(lab, (req) => void req.on('data', () => {}))
      const wire = await openWire(house.url)
      wire.write(
        headOf(house.url, {
          method: 'POST',
          target: house.stand.path,
          token: await tokenOf(lab),
          lines: [`Content-Length: ${4 * MIB}`],
        }),
      )
      wire.write(BODY)
      await until(async () => (await replayBytes(house.adminUrl)) > 0, 'a record')
      wire.socket.destroy()
      await until(async () => (await replayBytes(house.adminUrl)) === 0, 'an empty record')
    }),
  ],
}

const denyAtTheEnd: Parameters<typeof buildHouse>[1] = async (req, res, seen) => {
  await readAll(req, seen)
  if (requireScope(req, res, SCOPE)) res.end('ok')
}

/** Tokens that Scopelift knows: their signatures were checked in a step-up. */
async function knownTokens(
  house: House,
  count: number,
  subOf: (i: number) => string,
): Promise<readonly string[]> {
  const tokens = await Promise.all(
    Array.from({ length: count }, (_, i) => tokenOf(house, 'alice', { claims: { sub: subOf(i) } })),
  )
  for (const token of tokens) await house.call({ method: 'GET', body: '', token })
  return tokens
}

/** With a signature that is nobody's. */
async function forgedTokens(house: House, count: number): Promise<readonly string[]> {
  const [head, payload] = (await tokenOf(house)).split('.')
  const signatures = Array.from({ length: count }, (_, i) => Buffer.alloc(256, i))
  return signatures.map((octets) => `${head}.${payload}.${octets.toString('base64url')}`)
}

/** Keeps uploads waiting once it has read them; a GET wants a scope. */
async function holdingHouse(lab: Parameters<typeof buildHouse>[0], waiting: (() => void)[]) {
  return buildHouse(
    lab,
    async (req, res, seen) => {
      if (req.method === 'GET') return protectedHandle(req, res, seen)
      await readAll(req, seen)
      waiting.push(() => res.end('ok'))
    },
    {
      env: {
        REPLAY_TOTAL_BYTES: String(TOTAL),
        REPLAY_MAX_BYTES: String(2 * MIB),
        EXCHANGES_PER_MINUTE: '0',
      },
    },
  )
}

/** Uploads of 1 MiB, token by token; the most that was recorded while none was answered, and what is left when all were. */
async function peakOf(
  lab: Parameters<typeof buildHouse>[0],
  uploads: number,
  tokensOf: (house: House) => Promise<readonly string[]>,
) {
  const waiting: (() => void)[] = []
  const house = await holdingHouse(lab, waiting)
  const tokens = await tokensOf(house)
  const wires = await Promise.all(
    Array.from({ length: uploads }, async (_, i) => {
      const wire = await openWire(house.url)
      const token = tokens[i % tokens.length]
      const lines = [`Content-Length: ${MIB}`]
      wire.write(headOf(house.url, { method: 'POST', target: house.stand.path, token, lines }))
      wire.write(BODY)
      return wire
    }),
  )
  let peak = 0
  await until(async () => {
    peak = Math.max(peak, await replayBytes(house.adminUrl))
    return waiting.length === uploads
  }, 'all uploads')
  for (const end of waiting) end()
  await Promise.all(wires.map((wire) => wire.answer('POST')))
  return { peak, left: await replayBytes(house.adminUrl) }
}

async function replayBytes(adminUrl: string): Promise<number> {
  const { text } = await send(adminUrl, { target: '/metrics' })
  const value = /^scopelift_replay_bytes (\d+)/m.exec(text)?.[1]
  if (value === undefined) throw new Error('the metrics do not say how much is recorded')
  return Number(value)
}
