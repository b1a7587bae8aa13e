import t from 'tap'
import { Agent } from 'undici'
import { createProblems } from '../../../src/observability/problems.ts'
import { judgeDiscovery, startDiscovery } from '../../../src/token-exchange/discovery.ts'
import type { Answer } from '../../support/token-endpoint.ts'
import {
  createSigningKey,
  json,
  raw,
  reset,
  startTokenEndpoint,
} from '../../support/token-endpoint.ts'

const ISSUER = 'https://kc/realms/test'
const url = new URL('http://keycloak:8080/realms/test/.well-known/openid-configuration')
const key = createSigningKey('first', 'ES256')

t.test('what discovery says is judged with its remedy', async (t) => {
  const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
  const table: [status: number, body: unknown, sentence: RegExp | undefined][] = [
    [200, { issuer: ISSUER }, undefined],
    [200, { issuer: ISSUER, grant_types_supported: ['password', exchange] }, undefined],
    [200, { issuer: 'https://other' }, /set KEYCLOAK_ISSUER/],
    [200, { issuer: `${ISSUER}/` }, /set KEYCLOAK_ISSUER/],
    [200, {}, /is not Keycloak/],
    [403, { error_description: 'HTTPS required' }, /write https:\/\/ in KEYCLOAK_SERVER_URL/],
    [403, {}, /is not Keycloak/],
    [200, { issuer: ISSUER, grant_types_supported: ['password'] }, /token-exchange-standard/],
    [404, { error: 'Realm does not exist' }, /KEYCLOAK_REALM/],
    [200, [], /is not Keycloak/],
    [302, {}, /is not Keycloak/],
    [503, {}, /does not answer/],
    [429, {}, /does not answer/],
  ]
  for (const [status, body, sentence] of table) {
    const bytes = Buffer.from(JSON.stringify(body))
    const answer = {
      kind: 'received',
      status,
      contentType: 'application/json',
      body: bytes,
    } as const
    const said = judgeDiscovery(answer, { url, issuer: ISSUER })
    if (sentence === undefined) t.equal(said, undefined)
    else t.match(said, sentence, `${status} ${JSON.stringify(body)}`)
  }
  t.match(
    judgeDiscovery({ kind: 'none', reason: 'timeout' }, { url, issuer: ISSUER }),
    /does not answer/,
  )
})

async function createSubject(t: { teardown(end: () => Promise<unknown>): void }, answer?: Answer) {
  const endpoint = await startTokenEndpoint(await key)
  endpoint.answerAll('discovery', answer)
  const dispatcher = new Agent()
  const problems = createProblems()
  const warnings: string[] = []
  const silent = () => {}
  const warn = (_details: unknown, message: string) => void warnings.push(message)
  const reports: string[] = []
  let onResolved = () => {}
  const resolved = new Promise<void>((resolve) => {
    onResolved = resolve
  })
  const discovery = startDiscovery({
    url: endpoint.discoveryUrl,
    issuer: endpoint.issuer,
    dispatcher,
    timeoutMs: 5000,
    firstRetryMs: 1,
    log: { error: silent, warn, info: silent, debug: silent },
    problems: {
      ...problems,
      report: (id, sentence) => {
        reports.push(sentence)
        if (reports.length === 3) endpoint.answerAll('discovery', undefined)
        problems.report(id, sentence)
      },
      resolve: (id) => {
        problems.resolve(id)
        onResolved()
      },
    },
  })
  t.teardown(() => dispatcher.destroy())
  t.teardown(() => endpoint.close())
  t.teardown(() => discovery.close())
  return { endpoint, discovery, problems, warnings, reports, resolved }
}

t.test('a realm that is as it should be is asked once', async (t) => {
  const { endpoint, problems, warnings, resolved } = await createSubject(t)
  await resolved
  t.same(problems.list(), [])
  t.same(warnings, [])
  t.equal(endpoint.discoveries.length, 1)
})

t.test('it is asked again until it answers rightly, and warns once', async (t) => {
  const answers: Answer[] = [
    reset(),
    json(503, {}),
    json(404, {}),
    json(200, { issuer: 'https://x' }),
  ]
  for (const answer of answers) {
    const { endpoint, problems, warnings, reports, resolved } = await createSubject(t, answer)
    const keepAlive = setInterval(() => {}, 1000)
    await resolved
    clearInterval(keepAlive)
    t.same(problems.list(), [])
    t.equal(reports.length, 3)
    t.equal(warnings.length, 1)
    t.equal(endpoint.discoveries.length, 4)
  }
})

t.test('closing ends a question under way, and the wait for the next', async (t) => {
  const stalled = await createSubject(t, () => {})
  await stalled.discovery.close()
  t.same(stalled.reports, [])
  const waiting = await createSubject(t, raw(404, 'application/json', '{}'))
  await waiting.discovery.close()
  await waiting.discovery.close()
  t.ok(waiting.endpoint.discoveries.length <= 1)
})
