import { requireScope } from '../../support/upstream.ts'
import { pairsOf } from '../answer.ts'
import type { Check, Line } from '../check.ts'
import { inLab, withUpstream } from '../check.ts'
import { expectEqual } from '../expect.ts'
import { ok } from '../kit-upstream.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf } from '../lab.ts'
import { send } from '../wire.ts'

/** What a provider's own refusal looks like when a handler relays it. */
const RELAYED: Readonly<Record<string, string>> = {
  'a provider’s 401':
    '{"error":{"message":"Error code: 401 - {\'error\': \'Invalid JWT token\'}"}}',
  'a tool’s 401': '{"error":{"message":"401 Unauthorized"}}',
  'a nested invalid_token': '{"detail":{"error":"invalid_token"}}',
}

export const effects: Line = {
  id: 'T15',
  topic: 'effects before a refusal',
  rule: 'a handler that has worked is not run again: only middleware’s denials count, a reissue only on the token’s own refusal, replay: never per route, no retry after a broken connection',
  checks: [
    ...Object.entries(RELAYED).map(([name, body]) => isSentOnce(name, body)),
    inLab('replay: never is kept: one send, and the next try is elevated at once', async (lab) => {
      const policy = `routes:\n  - match: { method: POST, path: STAND }\n    scopes: [${SCOPE}]\n    replay: never\n    preempt: false\n`
      const house = await buildHouse(lab, undefined, { policy })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual(
        [answer.status, outcomeOf(answer), house.stand.requests.length],
        [403, 'body-not-replayable', 1],
        'answer and sends',
      )
    }),
    inLab('Idempotency-Key is on both attempts, unchanged', async (lab) => {
      const house = await buildHouse(lab)
      await house.call({ token: await tokenOf(lab), lines: ['Idempotency-Key: "kit-1"'] })
      const keys = house.stand.requests.map(
        ({ rawHeaders }) => pairsOf(rawHeaders).find(([name]) => name === 'Idempotency-Key')?.[1],
      )
      expectEqual(keys, ['"kit-1"', '"kit-1"'], 'keys')
    }),
    inLab('a denial with the issued token is the caller’s: no third send', async (lab) => {
      const house = await buildHouse(lab, (_req, res) => {
        const n = house.stand.requests.length
        res.writeHead(403, {
          'www-authenticate': `Bearer error="insufficient_scope", scope="${n === 1 ? SCOPE : 'llama:agent_session_create'}"`,
        })
        res.end(`denial ${n}`)
      })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual(
        [outcomeOf(answer), answer.body, house.stand.requests.length],
        ['replay-denied', 'denial 2', 2],
        'answer and sends',
      )
    }),
    ...['GET', 'POST', 'PUT', 'DELETE'].map((method) =>
      withUpstream(
        `${method} is not sent again after the connection broke`,
        async ({ url, upstream }) => {
          const stand = upstream.serve((req) => void req.socket.destroy())
          // A connection that is reused breaks like one that is new.
          await send(url, { target: upstream.serve().path })
          const answer = await send(url, { method, target: stand.path, body: '{}' })
          expectEqual([answer.status, stand.requests.length], [502, 1], 'status and sends')
        },
      ),
    ),
    inLab('nor is the replay', async (lab) => {
      const house = await buildHouse(lab, (req, res) => {
        if (requireScope(req, res, SCOPE)) req.socket.destroy()
      })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual([answer.status, house.stand.requests.length], [502, 2], 'status and sends')
    }),
  ],
}

function isSentOnce(name: string, body: string): Check {
  return inLab(`${name} behind an issued token is the caller’s: one send`, async (lab) => {
    let provider = false
    const house = await buildHouse(lab, (req, res, seen) => {
      if (!requireScope(req, res, SCOPE)) return
      if (!provider) return ok(req, res, seen)
      res.writeHead(401, { 'content-type': 'application/json' }).end(body)
    })
    const token = await tokenOf(lab)
    await house.call({ token })
    provider = true
    const before = house.stand.requests.length
    const answer = await house.call({ token })
    expectEqual(
      [answer.status, answer.body, house.stand.requests.length - before],
      [401, body, 1],
      'answer and sends',
    )
    expectEqual(house.exchanges(), 1, 'exchanges')
  })
}
