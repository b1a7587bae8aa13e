import { REQUESTER_SECRET } from '../../support/demo-servers.ts'
import type { Line } from '../check.ts'
import { inLab, withAdmin, withToken } from '../check.ts'
import { expectEqual, expectRefused, expectThat, expectWithout } from '../expect.ts'
import { buildHouse, outcomeOf, tokenOf } from '../lab.ts'
import { exchange, headOf, openWire, send } from '../wire.ts'

const PAGES = ['/healthz', '/readyz', '/metrics', '/', '/nothing']

export const leaks: Line = {
  id: 'T7',
  topic: 'an issued token reaches the caller',
  rule: 'TRACE refused, redirects not followed; no token and no secret in answers, logs, errors or admin pages',
  checks: [
    withToken('no refusal of our own holds the caller’s token', async ({ url, token }) => {
      for (const call of [{ target: '/a/../b' }, { method: 'TRACE' }, { lines: ['Host: twice'] }]) {
        expectWithout(await exchange(url, headOf(url, { ...call, token })), token, 'the refusal')
      }
    }),
    withToken('CONNECT with a token opens nothing', async ({ url, token }) => {
      const answer = await exchange(
        url,
        headOf(url, { method: 'CONNECT', target: 'evil.example:443', token }),
      )
      expectRefused(answer, 405)
    }),
    withAdmin('no admin page holds anything that looks like a token', async ({ adminUrl }) => {
      for (const page of PAGES) {
        expectWithout((await send(adminUrl, { target: page })).text, /eyJ[\w-]{10}/, page)
      }
    }),
    inLab(
      'after every ending of a step-up nothing of it is in answers, logs or admin pages',
      async (lab) => {
        const house = await buildHouse(lab)
        const answers: string[] = []
        const token = await tokenOf(lab)
        const call = async (user?: string) =>
          void answers.push(
            (
              await house.call({
                token: user === undefined ? token : await tokenOf(lab, user),
                target: `${house.stand.path}?access_token=${token}`,
              })
            ).text,
          )
        await call()
        await call()
        await call('nobody')
        house.realm.faults.next({ kind: 'claims', claims: { sub: 'x' } })
        await call('root')
        house.realm.faults.next({
          kind: 'answer',
          status: 401,
          headers: { 'content-type': 'application/json' },
          body: '{"error":"unauthorized_client"}',
        })
        await call('alice')
        house.realm.faults.next({ kind: 'answer', status: 500, body: token })
        await call('alice')
        for (const page of PAGES) answers.push((await send(house.adminUrl, { target: page })).text)
        const secrets = secretsOf(house.stand.requests.map(({ authorization }) => authorization))
        expectThat(secrets.length > 2, 'no token was issued at all')
        for (const secret of secrets) {
          expectWithout(answers.join('\n'), secret, 'an answer')
          expectWithout(house.scopelift.output(), secret, 'the log')
        }
        expectWithout(house.scopelift.output(), /eyJ[\w-]{10}/, 'the log')
      },
    ),
    inLab('nothing of a failed start of a tunnel either', async (lab) => {
      const house = await buildHouse(lab)
      const token = await tokenOf(lab)
      const wire = await openWire(house.url)
      wire.write(
        headOf(house.url, {
          target: house.stand.path,
          token,
          lines: ['Connection: Upgrade', 'Upgrade: websocket'],
        }),
      )
      const text = await wire.ended()
      expectWithout(text + house.scopelift.output(), /eyJ[\w-]{10}/, 'answer or log')
    }),
    inLab('a redirect behind a step-up takes the issued token nowhere', async (lab) => {
      const house = await buildHouse(lab, (_req, res) => {
        const isFirst = house.stand.requests.length === 1
        res.writeHead(isFirst ? 403 : 302, {
          'www-authenticate': 'Bearer error="insufficient_scope", scope="llama:agent_create"',
          location: `${house.upstream.url}/elsewhere`,
        })
        res.end()
      })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual([answer.status, outcomeOf(answer)], [302, 'stepped-up'], 'answer')
      const elsewhere = house.upstream.requests.filter(({ target }) => target === '/elsewhere')
      expectEqual(elsewhere.length, 0, 'requests elsewhere')
    }),
  ],
}

/** The signatures of the tokens that were used, which name them, and the client's secret in both of its forms. */
function secretsOf(authorizations: readonly (string | undefined)[]): readonly string[] {
  const signatures = authorizations.flatMap((value) => value?.split('.')[2]?.slice(0, 40) ?? [])
  return [...new Set(signatures), REQUESTER_SECRET, encodeURIComponent(REQUESTER_SECRET)]
}
