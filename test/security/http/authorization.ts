import type { Line } from '../check.ts'
import { atTarget, inLab, withUpstream } from '../check.ts'
import { expectEqual, expectStatus } from '../expect.ts'
import { buildHouse, outcomeOf, tokenOf } from '../lab.ts'
import { send } from '../wire.ts'

const PAIRS: Readonly<Record<string, readonly [string, string]>> = {
  'two different bearers': ['Authorization: Bearer kit-a', 'Authorization: Bearer kit-b'],
  'the same bearer twice': ['Authorization: Bearer kit-a', 'Authorization: Bearer kit-a'],
  'two schemes': ['Authorization: Basic a2l0OmtpdA==', 'Authorization: Bearer kit-b'],
  'another case': ['authorization: Bearer kit-a', 'AUTHORIZATION: Bearer kit-b'],
  'an empty one beside': ['Authorization: ', 'Authorization: Bearer kit-b'],
}

export const authorization: Line = {
  id: 'H5',
  topic: 'one Authorization',
  rule: 'two Authorization fields are 400, since each server would believe another one',
  checks: [
    ...Object.entries(PAIRS).map(([name, lines]) =>
      atTarget(`${name}: 400`, async ({ url }) => {
        expectStatus(await send(url, { lines }), 400)
      }),
    ),
    withUpstream('neither of two reaches the upstream', async ({ url, upstream }) => {
      const stand = upstream.serve()
      for (const lines of Object.values(PAIRS)) await send(url, { target: stand.path, lines })
      expectEqual(stand.requests.length, 0, 'requests at the upstream')
    }),
    withUpstream('one passes as it is, whatever its scheme', async ({ url, upstream }) => {
      const stand = upstream.serve()
      for (const value of ['Basic a2l0OmtpdA==', 'DPoP abc', 'bearer  abc', 'Bearer a, Bearer b']) {
        expectStatus(
          await send(url, { target: stand.path, lines: [`Authorization: ${value}`] }),
          200,
        )
        expectEqual(stand.requests.at(-1)?.authorization, value, 'at the upstream')
      }
    }),
    inLab('two bearers in one field are no bearer: nothing is exchanged', async (lab) => {
      const house = await buildHouse(lab)
      const token = await tokenOf(lab)
      const answer = await house.call({
        lines: [`Authorization: Bearer ${token}, Bearer ${token}`],
      })
      expectEqual([answer.status, outcomeOf(answer)], [403, 'no-subject-token'], 'answer')
      expectEqual(house.exchanges(), 0, 'exchanges')
    }),
  ],
}
