import { fieldsOf } from '../answer.ts'
import { startCanary } from '../canary.ts'
import type { Line } from '../check.ts'
import { inLab, withUpstream } from '../check.ts'
import { expectEqual } from '../expect.ts'
import { buildHouse, outcomeOf, tokenOf } from '../lab.ts'
import { send } from '../wire.ts'

const STATUSES = [301, 302, 303, 307, 308]

export const redirects: Line = {
  id: 'H10',
  topic: 'redirects',
  rule: 'passed on and never followed, neither by the upstream’s client nor by the one that speaks with Keycloak',
  checks: [
    ...STATUSES.map((status) =>
      withUpstream(
        `${status} of the upstream passes as it is`,
        async ({ url, upstream, teardown }) => {
          const canary = await startCanary({ teardown })
          const location = `${canary.url}/elsewhere`
          const stand = upstream.serve(
            (_req, res) => void res.writeHead(status, { location }).end('moved'),
          )
          const answer = await send(url, {
            target: stand.path,
            lines: ['Authorization: Bearer kit'],
          })
          expectEqual([answer.status, fieldsOf(answer, 'location')], [status, [location]], 'answer')
          expectEqual([canary.hits, stand.requests.length], [0, 1], 'canary and sends')
        },
      ),
    ),
    ...STATUSES.map((status) =>
      inLab(
        `${status} of the token endpoint is not followed, and nobody is elevated`,
        async (lab) => {
          const canary = await startCanary(lab)
          const house = await buildHouse(lab)
          house.realm.faults.always({ kind: 'answer', status, headers: { location: canary.url } })
          const answer = await house.call({ token: await tokenOf(lab) })
          expectEqual([canary.hits, house.stand.requests.length], [0, 1], 'canary and sends')
          expectEqual(outcomeOf(answer) === 'stepped-up', false, 'elevated')
        },
      ),
    ),
    inLab('a key set that redirects is not followed, and no signature counts', async (lab) => {
      const canary = await startCanary(lab)
      const house = await buildHouse(lab)
      house.realm.faults.always(
        { kind: 'answer', status: 302, headers: { location: canary.url } },
        'certs',
      )
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual(
        [canary.hits, outcomeOf(answer) === 'stepped-up'],
        [0, false],
        'canary and elevation',
      )
    }),
  ],
}
