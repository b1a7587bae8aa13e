import type { Fault } from '../../../demo/authorization-server/faults.ts'
import { startDemoRealm } from '../../support/demo-servers.ts'
import { fieldsOf } from '../answer.ts'
import type { Check, Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual, expectThat } from '../expect.ts'
import { buildHouse, outcomeOf, tokenOf } from '../lab.ts'

const MIB = 1024 * 1024
const TIMEOUT_MS = '300'

const FAULTS: Readonly<Record<string, Fault>> = {
  'never answers': { kind: 'stall' },
  'answers too late': { kind: 'delay', ms: 2_000 },
  'cuts the connection': { kind: 'reset' },
  'cuts its answer': { kind: 'truncate' },
  'answers with 10 MB': { kind: 'huge-body', bytes: 10 * MIB },
  'answers 500': { kind: 'answer', status: 500, body: 'oops' },
  'answers 429': { kind: 'answer', status: 429 },
  'answers HTML': {
    kind: 'answer',
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<p>sign in</p>',
  },
  'answers half a document': {
    kind: 'answer',
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '{"access_token":',
  },
  'answers null': {
    kind: 'answer',
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: 'null',
  },
}

export const outage: Line = {
  id: 'T14',
  topic: 'Keycloak down, slow or talking nonsense',
  rule: 'deadline, bounded answers, breaker, 503 with Retry-After; it fails closed, and what is in memory goes on',
  checks: [
    ...Object.entries(FAULTS).map(([name, fault]) => failsClosed(name, fault)),
    ...Object.entries(FAULTS).map(([name, fault]) => keysFailClosed(name, fault)),
    inLab('killed in the middle: what is in memory goes on, what is new is 503', async (lab) => {
      const realm = await startDemoRealm(lab)
      const house = await buildHouse(lab, undefined, {
        realm,
        env: { EXCHANGE_TIMEOUT_MS: TIMEOUT_MS },
      })
      const token = await tokenOf({ realm })
      const other = await tokenOf({ realm })
      await house.call({ token })
      await realm.close()
      expectEqual(outcomeOf(await house.call({ token })), 'preempted', 'with the token in memory')
      expectEqual((await house.call({ token: other })).status, 503, 'with another')
    }),
    inLab('the breaker leaves a Keycloak alone that has failed five times', async (lab) => {
      const house = await buildHouse(lab)
      house.realm.faults.always({ kind: 'answer', status: 500 })
      for (let i = 0; i < 12; i += 1)
        expectEqual((await house.call({ token: await tokenOf(lab) })).status, 503, 'status')
      house.realm.faults.clear()
      expectEqual(house.exchanges(), 5, 'exchanges for twelve requests')
    }),
    inLab('a Keycloak that is down does not hinder what needs no exchange', async (lab) => {
      const house = await buildHouse(lab, (_req, res) => void res.end('ok'), {
        env: { KEYCLOAK_SERVER_URL: 'http://127.0.0.1:1', KEYCLOAK_ISSUER: lab.realm.issuer },
      })
      expectEqual((await house.call({ token: await tokenOf(lab) })).status, 200, 'status')
    }),
  ],
}

function failsClosed(name: string, fault: Fault): Check {
  return inLab(`the token endpoint ${name}: 503, and nobody is elevated`, async (lab) => {
    const house = await buildHouse(lab, undefined, { env: { EXCHANGE_TIMEOUT_MS: TIMEOUT_MS } })
    house.realm.faults.next(fault)
    const answer = await house.call({ token: await tokenOf(lab) })
    expectEqual([answer.status, outcomeOf(answer)], [503, 'exchange-unavailable'], 'answer')
    expectEqual(
      [fieldsOf(answer, 'retry-after').length, house.stand.requests.length],
      [1, 1],
      'Retry-After and sends',
    )
  })
}

function keysFailClosed(name: string, fault: Fault): Check {
  return inLab(`the key set ${name}: nobody is elevated`, async (lab) => {
    const house = await buildHouse(lab, undefined, { env: { EXCHANGE_TIMEOUT_MS: TIMEOUT_MS } })
    house.realm.faults.always(fault, 'certs')
    const answer = await house.call({ token: await tokenOf(lab) })
    house.realm.faults.clear()
    expectThat(
      [403, 503].includes(answer.status),
      `status ${answer.status}, outcome ${outcomeOf(answer)}`,
    )
    expectEqual([house.exchanges(), house.stand.requests.length], [0, 1], 'exchanges and sends')
  })
}
