import { fieldsOf } from '../answer.ts'
import type { Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual, expectThat } from '../expect.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf } from '../lab.ts'

export const climbing: Line = {
  id: 'T1',
  topic: 'a caller climbs by simply calling',
  rule: 'only what the allow-list and the user’s roles at Keycloak give, and every step-up is audited',
  checks: [
    inLab('a user without the role gets the original 403, as it came', async (lab) => {
      const house = await buildHouse(lab)
      const answer = await house.call({ token: await tokenOf(lab, 'nobody') })
      expectEqual(
        [answer.status, answer.body, outcomeOf(answer)],
        [403, 'denied\n', 'scope-not-granted'],
        'answer',
      )
      expectEqual(
        fieldsOf(answer, 'www-authenticate'),
        [`Bearer error="insufficient_scope", scope="${SCOPE}"`],
        'challenge',
      )
      expectEqual(house.stand.requests.length, 1, 'sends')
    }),
    inLab('a scope outside of ALLOWED_SCOPES is not even asked for', async (lab) => {
      const house = await buildHouse(lab, undefined, { env: { ALLOWED_SCOPES: 'mcp:*' } })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual(
        [answer.status, outcomeOf(answer), house.exchanges()],
        [403, 'scope-not-allowed', 0],
        'answer',
      )
    }),
    inLab('a role that was revoked counts at the next exchange', async (lab) => {
      const house = await buildHouse(lab)
      const before = await house.call({ token: await tokenOf(lab, 'root') })
      house.realm.accounts.revokeRole('root', 'admin')
      const after = await house.call({ token: await tokenOf(lab, 'root') })
      house.realm.accounts.grantRole('root', 'admin')
      expectEqual(
        [outcomeOf(before), outcomeOf(after)],
        ['stepped-up', 'scope-not-granted'],
        'outcomes',
      )
    }),
    inLab(
      'the audit line says who, where, what was needed and granted, and which token it became',
      async (lab) => {
        const house = await buildHouse(lab)
        await house.call({ token: await tokenOf(lab) })
        const [entry] = house.scopelift.audit
        expectEqual(
          [entry?.['outcome'], entry?.['route'], entry?.['method'], entry?.['scopesNeeded']],
          ['stepped-up', house.stand.path, 'POST', [SCOPE]],
          'audit line',
        )
        for (const key of ['sub', 'jti', 'requestId', 'scopesGranted']) {
          expectThat(entry?.[key] !== undefined, `the audit line has no ${key}`)
        }
      },
    ),
    inLab('refused climbs are audited too', async (lab) => {
      const house = await buildHouse(lab)
      await house.call({ token: await tokenOf(lab, 'nobody') })
      await house.call({})
      expectEqual(
        house.scopelift.audit.map((entry) => entry['outcome']),
        ['scope-not-granted', 'no-subject-token'],
        'audit lines',
      )
    }),
  ],
}
