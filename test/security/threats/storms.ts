import { requireScope } from '../../support/upstream.ts'
import type { Check, Line } from '../check.ts'
import { inLab, withAdmin } from '../check.ts'
import { expectEqual, expectThat } from '../expect.ts'
import { ok } from '../kit-upstream.ts'
import type { House } from '../lab.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf } from '../lab.ts'
import { headOf, openWire, send } from '../wire.ts'

const FORGED = 2_000
const CONNECTIONS = 8

export const storms: Line = {
  id: 'T12',
  topic: 'retry storms, thundering herd, forged tokens',
  rule: 'two sends, single flight, remembered refusals, budget and breaker; a signature is checked before any exchange',
  checks: [
    inLab(
      'an upstream that always denies costs one exchange and two sends for the first request',
      async (lab) => {
        const house = await buildHouse(lab, (_req, res) => {
          res
            .writeHead(403, {
              'www-authenticate': `Bearer error="insufficient_scope", scope="${SCOPE}"`,
            })
            .end()
        })
        const token = await tokenOf(lab)
        for (let i = 0; i < 10; i += 1)
          expectEqual((await house.call({ token })).status, 403, 'status')
        expectEqual(house.exchanges(), 1, 'exchanges for ten requests')
        expectThat(
          house.stand.requests.length <= 20,
          `${house.stand.requests.length} sends for ten requests`,
        )
      },
    ),
    inLab('a refusal of Keycloak is remembered', async (lab) => {
      const house = await buildHouse(lab)
      const token = await tokenOf(lab, 'nobody')
      for (let i = 0; i < 10; i += 1) await house.call({ token })
      expectEqual(house.exchanges(), 1, 'exchanges for ten requests')
    }),
    inLab('200 at once share one exchange', async (lab) => {
      const house = await buildHouse(lab)
      const token = await tokenOf(lab)
      const answers = await Promise.all(Array.from({ length: 200 }, () => house.call({ token })))
      expectEqual(
        [answers.filter(({ status }) => status === 200).length, house.exchanges()],
        [200, 1],
        'granted, exchanges',
      )
    }),
    inLab(
      `${FORGED} tokens that nobody signed cost no exchange, and few fetches of the key set`,
      async (lab) => {
        const house = await buildHouse(lab)
        const before = house.realm.keyFetches
        const [, payload = ''] = (await tokenOf(lab)).split('.')
        const statuses = await sendForged(house, payload)
        expectEqual([statuses, house.exchanges()], [FORGED, 0], 'denials, exchanges')
        expectThat(
          house.realm.keyFetches - before <= 2,
          `${house.realm.keyFetches - before} fetches of the key set`,
        )
      },
    ),
    inLab('a signature that is not the realm’s costs none either', async (lab) => {
      const house = await buildHouse(lab)
      const [head, payload] = (await tokenOf(lab)).split('.')
      const answer = await house.call({ token: `${head}.${payload}.${'A'.repeat(342)}` })
      expectEqual(
        [answer.status, outcomeOf(answer), house.exchanges()],
        [403, 'subject-token-unusable', 0],
        'answer',
      )
    }),
    inLab('100 late refusals of one issued token replace it once', lateRefusals),
    inLab('one user’s budget ends its exchanges, and no other’s', async (lab) => {
      const house = await buildHouse(lab, undefined, { env: { EXCHANGES_PER_MINUTE: '5' } })
      for (let i = 0; i < 12; i += 1) await house.call({ token: await tokenOf(lab) })
      expectEqual(house.exchanges(), 5, 'exchanges')
      expectEqual(
        outcomeOf(await house.call({ token: await tokenOf(lab, 'root') })),
        'stepped-up',
        'another user',
      )
    }),
    inLab('the process’s budget ends all exchanges for the second', async (lab) => {
      const house = await buildHouse(lab, undefined, {
        env: { EXCHANGES_PER_SECOND: '3', EXCHANGES_PER_MINUTE: '0' },
      })
      const tokens = await Promise.all(Array.from({ length: 12 }, () => tokenOf(lab)))
      await Promise.all(tokens.map((token) => house.call({ token })))
      // The window may turn once while they are under way.
      expectThat(house.exchanges() <= 6, `${house.exchanges()} exchanges`)
    }),
    ...outsideOnly(),
  ],
}

/** All requests go out with the token before the upstream begins to refuse it. */
async function lateRefusals(lab: Parameters<typeof buildHouse>[0]): Promise<void> {
  const waiting: (() => void)[] = []
  let refused: string | undefined
  const house = await buildHouse(lab, (req, res, seen) => {
    if (!requireScope(req, res, SCOPE)) return
    if (refused === undefined || req.headers.authorization !== refused) return ok(req, res, seen)
    req.resume()
    waiting.push(() =>
      res.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end(),
    )
    if (waiting.length === 100) for (const refuse of waiting) refuse()
  })
  const token = await tokenOf(lab)
  await house.call({ token })
  refused = house.stand.requests.at(-1)?.authorization
  const answers = await Promise.all(Array.from({ length: 100 }, () => house.call({ token })))
  expectEqual(
    [answers.filter(({ status }) => status === 200).length, house.exchanges()],
    [100, 2],
    'granted, exchanges',
  )
}

/** From outside only the metrics tell whether an exchange was made. */
function outsideOnly(): readonly Check[] {
  return [
    withAdmin(
      'a token without a signature does not move the count of exchanges',
      async ({ url, adminUrl }) => {
        const before = await exchangesOf(adminUrl)
        const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
        const payload = encode({ sub: 'kit', scope: 'openid', exp: 4_000_000_000 })
        for (let i = 0; i < 20; i += 1) {
          await send(url, { token: `${encode({ alg: 'none' })}.${payload}.` })
          await send(url, {
            token: `${encode({ alg: 'RS256', kid: String(i) })}.${payload}.${'A'.repeat(342)}`,
          })
        }
        expectEqual(await exchangesOf(adminUrl), before, 'exchanges')
      },
    ),
  ]
}

/** Keep-alive connections with a window of one; answers how many were denied. */
async function sendForged({ url, stand }: House, payload: string): Promise<number> {
  const head = (i: number) =>
    Buffer.from(JSON.stringify({ alg: i % 2 === 0 ? 'none' : 'RS256', kid: `kit-${i}` })).toString(
      'base64url',
    )
  const share = FORGED / CONNECTIONS
  const counts = Array.from({ length: CONNECTIONS }, async (_, connection) => {
    const wire = await openWire(url)
    const batch = 25
    for (let sent = 0; sent < share; sent += batch) {
      let text = ''
      for (let i = 0; i < batch; i += 1) {
        const token = `${head(connection * share + sent + i)}.${payload}.${i % 2 === 0 ? 'x' : 'A'.repeat(342)}`
        text += headOf(url, { target: stand.path, token, lines: ['Connection: keep-alive'] })
      }
      wire.write(text)
      await wire.until((received) => denials(received) >= sent + batch)
    }
    wire.socket.destroy()
    return denials(wire.received)
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

function denials(received: string): number {
  return received.split('HTTP/1.1 403 ').length - 1
}

async function exchangesOf(adminUrl: string): Promise<number> {
  const { text } = await send(adminUrl, { target: '/metrics' })
  const counts = [...text.matchAll(/^scopelift_exchanges_total(?:\{[^}]*\})? (\d+)\r?$/gm)]
  return counts.reduce((sum, [, count]) => sum + Number(count), 0)
}
