import { scopesOf } from '../../support/upstream.ts'
import type { Check, Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual } from '../expect.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf } from '../lab.ts'

export const requesterClient: Line = {
  id: 'T18',
  topic: 'the requester client carries more than it should',
  rule: 'a denied scope that nobody asked for refuses the issued token',
  checks: [
    ...['llama:admin', 'realm:admin:users', 'x:admin'].map(refusesExtra),
    inLab('a scope that the operator denies by name does too', async (lab) => {
      const house = await buildHouse(lab, undefined, { env: { DENIED_SCOPES: 'telemetry.*' } })
      house.realm.faults.next({ kind: 'claims', claims: { scope: `${SCOPE} telemetry.read` } })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual(
        [answer.status, outcomeOf(answer), house.stand.requests.length],
        [403, 'exchange-refused', 1],
        'answer and sends',
      )
    }),
    inLab('held scopes that are denied are not asked for again', async (lab) => {
      const house = await buildHouse(lab, undefined, { env: { DENIED_SCOPES: 'profile' } })
      await house.call({ token: await tokenOf(lab) })
      const form = house.realm.requests.at(-1)?.form.find(([name]) => name === 'scope')?.[1] ?? ''
      expectEqual(form.split(' ').includes('profile'), false, 'profile in what was asked for')
    }),
    inLab('the exchange asks for what is needed and held, and nothing else', async (lab) => {
      const house = await buildHouse(lab)
      const token = await tokenOf(lab)
      await house.call({ token })
      const asked = house.realm.requests.at(-1)?.form.find(([name]) => name === 'scope')?.[1] ?? ''
      const allowed = [...scopesOf(`Bearer ${token}`), SCOPE]
      expectEqual(
        asked.split(' ').filter((scope) => !allowed.includes(scope)),
        [],
        'scopes beyond',
      )
    }),
  ],
}

function refusesExtra(extra: string): Check {
  return inLab(`${extra} on top refuses it, and the audit line says why`, async (lab) => {
    const house = await buildHouse(lab)
    house.realm.faults.next({ kind: 'claims', claims: { scope: `${SCOPE} ${extra}` } })
    const answer = await house.call({ token: await tokenOf(lab) })
    expectEqual(
      [answer.status, outcomeOf(answer), house.stand.requests.length],
      [403, 'exchange-refused', 1],
      'answer and sends',
    )
    expectEqual(house.scopelift.audit[0]?.['reason'], 'denied-extra-scope', 'reason')
  })
}
