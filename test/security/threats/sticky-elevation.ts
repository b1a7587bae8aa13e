import type { Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual } from '../expect.ts'
import type { House } from '../lab.ts'
import { buildHouse, outcomeOf, tokenOf } from '../lab.ts'
import type { Call } from '../wire.ts'

/** What is another request than `POST /stand` in the eyes of policy. */
const OTHERS: Readonly<Record<string, (house: House) => Call>> = {
  'a path below': ({ stand }) => ({ target: `${stand.path}/below` }),
  'another method': () => ({ method: 'PUT' }),
  'the path in other letters': ({ stand }) => ({ target: stand.path.replace('kit-', 'kit-0') }),
  'the path as a query': ({ stand }) => ({ target: `${stand.path}x?${stand.path}` }),
}

export const stickyElevation: Line = {
  id: 'T9',
  topic: 'sticky elevation',
  rule: 'an issued token serves only the request that needed it: all others carry the caller’s own',
  checks: [
    ...Object.entries(OTHERS).map(([name, other]) =>
      inLab(`${name} goes out with the caller’s own token`, async (lab) => {
        const house = await buildHouse(lab)
        const token = await tokenOf(lab)
        expectEqual(outcomeOf(await house.call({ token })), 'stepped-up', 'first outcome')
        await house.call({ token, ...other(house) })
        const next = house.upstream.requests.filter(({ rawHeaders }) => rawHeaders.length > 6)[2]
        expectEqual(
          next?.authorization === `Bearer ${token}`,
          true,
          'the caller’s own token at the upstream',
        )
      }),
    ),
    inLab('another token of the same user does not profit', async (lab) => {
      const house = await buildHouse(lab)
      await house.call({ token: await tokenOf(lab) })
      const token = await tokenOf(lab)
      await house.call({ token })
      expectEqual(
        house.stand.requests[2]?.authorization === `Bearer ${token}`,
        true,
        'the caller’s own token at the upstream',
      )
      expectEqual(house.exchanges(), 2, 'exchanges')
    }),
    inLab('the same request again is the only one that is elevated at once', async (lab) => {
      const house = await buildHouse(lab)
      const token = await tokenOf(lab)
      const outcomes = []
      for (let i = 0; i < 3; i += 1)
        outcomes.push(outcomeOf(await house.call({ token, target: `${house.stand.path}?${i}` })))
      expectEqual(outcomes, ['stepped-up', 'preempted', 'preempted'], 'outcomes')
    }),
  ],
}
