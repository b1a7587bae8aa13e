import { createSecret } from '../../../src/secret.ts'
import { createTokenCache } from '../../../src/token-exchange/token-cache.ts'
import { createClock } from '../../support/clock.ts'
import { requireScope } from '../../support/upstream.ts'
import type { Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual } from '../expect.ts'
import { ok } from '../kit-upstream.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf, until } from '../lab.ts'

const LIFETIMES: Readonly<
  Record<
    string,
    {
      readonly issuedS: number
      readonly subjectS: number
      readonly capS: number
      readonly servedS: number
    }
  >
> = {
  'the end of the issued token, less a margin': {
    issuedS: 100,
    subjectS: 900,
    capS: 900,
    servedS: 70,
  },
  'the end of the subject token': { issuedS: 900, subjectS: 50, capS: 900, servedS: 50 },
  'the cap of the operator': { issuedS: 900, subjectS: 900, capS: 40, servedS: 40 },
}

export const revocation: Line = {
  id: 'T10',
  topic: 'revocation gap',
  rule: 'an issued token lives until the first of its own end, the subject token’s and the cap; it is evicted when the upstream refuses it',
  checks: [
    ...Object.entries(LIFETIMES).map(([name, { issuedS, subjectS, capS, servedS }]) =>
      inLab(`${name} ends it`, async () => {
        const clock = createClock(0)
        const cache = createTokenCache({
          maxEntries: 9,
          maxTtlMs: capS * 1000,
          monotonicNow: clock.now,
        })
        const token = {
          accessToken: createSecret('kit'),
          scopes: [],
          expiresAt: 0,
          jti: undefined,
          sid: undefined,
        }
        cache.set('kit', token, {
          sinceMs: 0,
          expiresInMs: issuedS * 1000,
          subjectExpiresInMs: subjectS * 1000,
        })
        clock.advance(servedS * 1000 - 1)
        expectEqual(cache.get('kit') === token, true, 'served until just before')
        clock.advance(1)
        expectEqual(cache.get('kit'), undefined, 'served at the end')
      }),
    ),
    inLab('the cap holds on the wire: a new exchange is made when it is over', async (lab) => {
      const house = await buildHouse(lab, undefined, { env: { CACHE_MAX_TTL_MS: '200' } })
      const token = await tokenOf(lab)
      await until(async () => {
        await house.call({ token })
        return house.exchanges() > 1
      }, 'a second exchange')
    }),
    inLab('a session that has ended is seen at the next exchange', async (lab) => {
      const house = await buildHouse(lab, undefined, { env: { CACHE_MAX_TTL_MS: '1' } })
      const token = await tokenOf(lab)
      expectEqual(outcomeOf(await house.call({ token })), 'stepped-up', 'before')
      house.realm.accounts.logOut('alice')
      await new Promise((resolve) => setTimeout(resolve, 5))
      const after = await house.call({ token })
      expectEqual([after.status, outcomeOf(after)], [403, 'exchange-refused'], 'after')
    }),
    inLab('a token that the upstream refuses is evicted, and replaced once', async (lab) => {
      let refused: string | undefined
      const house = await buildHouse(lab, (req, res, seen) => {
        if (!requireScope(req, res, SCOPE)) return
        if (req.headers.authorization !== refused) return ok(req, res, seen)
        res.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end()
      })
      const token = await tokenOf(lab)
      await house.call({ token })
      refused = house.stand.requests.at(-1)?.authorization
      const answer = await house.call({ token })
      expectEqual(
        [answer.status, outcomeOf(answer), house.exchanges()],
        [200, 'reissued', 2],
        'answer',
      )
    }),
  ],
}
