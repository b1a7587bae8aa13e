import { scopesOf } from '../../support/upstream.ts'
import type { Line } from '../check.ts'
import { atTarget, inLab } from '../check.ts'
import { expectEqual, expectStatus } from '../expect.ts'
import { ok } from '../kit-upstream.ts'
import { buildHouse, OTHER_SCOPE, outcomeOf, SCOPE, tokenOf, until } from '../lab.ts'
import { send } from '../wire.ts'

export const queryMatching: Line = {
  id: 'A6',
  topic: 'policy that matches the query or a fragment',
  rule: 'rules see the path alone; a fragment in a target is 400',
  checks: [
    inLab('a path in the query neither meets nor dodges a rule', async (lab) => {
      const policy = `routes:\n  - match: { method: POST, path: STAND/paid }\n    scopes: [${SCOPE}]\n`
      const house = await buildHouse(lab, ok, { policy })
      const token = await tokenOf(lab)
      const call = async (target: string) =>
        outcomeOf(await house.call({ token, target: house.stand.path + target }))
      expectEqual(
        [
          await call('/free?/paid'),
          await call(`/free?x=${house.stand.path}/paid`),
          await call('/paid?/free'),
          await call('/paid?x=%23'),
        ],
        ['forwarded', 'forwarded', 'preempted', 'preempted'],
        'outcomes',
      )
    }),
    ...['/a#/b', '/a?x=1#/b', '/#', '/a%3F#'].map((target) =>
      atTarget(`${target} is 400`, async ({ url }) => {
        expectStatus(await send(url, { target }), 400)
      }),
    ),
  ],
}

export const cacheKeys: Line = {
  id: 'A9',
  topic: 'token caches whose key lacks scope or audience (CVE-2026-19202)',
  rule: 'another set of scopes or another audience is another token',
  checks: [
    inLab('each set of scopes has its own exchange and its own token', async (lab) => {
      const house = await buildHouse(lab, (req, res, seen) => {
        const wanted = req.url?.endsWith('other') ? OTHER_SCOPE : SCOPE
        if (scopesOf(req.headers.authorization).includes(wanted)) return ok(req, res, seen)
        res
          .writeHead(403, {
            'www-authenticate': `Bearer error="insufficient_scope", scope="${wanted}"`,
          })
          .end()
      })
      const token = await tokenOf(lab)
      for (const path of ['/one', '/other', '/one', '/other'])
        await house.call({ token, target: house.stand.path + path })
      expectEqual(house.exchanges(), 2, 'exchanges')
      const last = house.stand.requests
        .slice(-2)
        .map(({ authorization }) =>
          scopesOf(authorization).filter((scope) => scope.startsWith('llama:')),
        )
      expectEqual(last, [[SCOPE], [OTHER_SCOPE]], 'scopes at the upstream')
    }),
    inLab('each audience has its own exchange', async (lab) => {
      const policy = `routes:\n  - match: { path: STAND/a }\n    scopes: [${SCOPE}]\n    audience: [authentication-demo]\n  - match: { path: STAND/b }\n    scopes: [${SCOPE}]\n    audience: [scopelift-login]\n`
      const house = await buildHouse(lab, ok, { policy })
      const token = await tokenOf(lab)
      const before = house.realm.requests.length
      for (const path of ['/a', '/b', '/a', '/b'])
        await house.call({ token, target: house.stand.path + path })
      const audiences = house.realm.requests
        .slice(before)
        .flatMap(({ form }) =>
          form.filter(([name]) => name === 'audience').map(([, value]) => value),
        )
      expectEqual(
        audiences.sort(),
        ['authentication-demo', 'scopelift-login'],
        'audiences that were asked for',
      )
    }),
    inLab('a token that the caller has renewed is another caller', async (lab) => {
      const house = await buildHouse(lab)
      for (let i = 0; i < 3; i += 1) await house.call({ token: await tokenOf(lab) })
      await until(() => house.exchanges() === 3, 'three exchanges')
    }),
  ],
}
