import { pairsOf } from '../answer.ts'
import type { Check, Line } from '../check.ts'
import { inLab, withToken, withUpstream } from '../check.ts'
import { expectEqual, expectStatus, expectThat } from '../expect.ts'
import { buildHouse, tokenOf } from '../lab.ts'
import { OTHER_PLACES } from '../threats/confused-deputy.ts'
import { send } from '../wire.ts'

/** What a proxy adds for the upstream, and a caller might have it strip again. */
const OURS = ['via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'host']

const SPELLINGS: readonly string[] = [
  'X_Forwarded_User',
  'X_Forwarded-User',
  'X-Forwarded_User',
  'x_forwarded_preferred_username',
  'X_Forwarded_For',
  'X_Forwarded_Access_Token',
]

const AGENTS: readonly string[] = [
  'kube-probe/1.31',
  'GoogleHC/1.0',
  'ELB-HealthChecker/2.0',
  'Amazon-Route53-Health-Check-Service',
  'Prometheus/3.0.0',
  'Consul Health Check',
  'HealthCheck/1.0',
]

export const nominatedStripping: Line = {
  id: 'A3',
  topic: 'Connection-nominated header stripping',
  rule: 'a caller cannot have the fields stripped that we add for the upstream, nor credentials or challenges',
  checks: [
    ...OURS.map((name) =>
      withUpstream(`Connection: ${name} strips nothing that is ours`, async ({ url, upstream }) => {
        const stand = upstream.serve()
        expectStatus(
          await send(url, { target: stand.path, lines: [`Connection: close, ${name}`] }),
          200,
        )
        const names = pairsOf(stand.requests[0]?.rawHeaders ?? []).map(([field]) =>
          field.toLowerCase(),
        )
        expectThat(names.includes(name), `no ${name} at the upstream`)
      }),
    ),
    withToken('Connection: authorization changes no answer', async ({ url, token }) => {
      const plain = await send(url, { token })
      const nominated = await send(url, { token, lines: ['Connection: close, authorization'] })
      expectEqual(nominated.status, plain.status, 'status')
    }),
    inLab('the issued token cannot be stripped', async (lab) => {
      const house = await buildHouse(lab)
      const answer = await house.call({
        token: await tokenOf(lab),
        lines: ['Connection: close, Authorization'],
      })
      expectStatus(answer, 200)
    }),
  ],
}

export const underscores: Line = {
  id: 'A4',
  topic: 'underscore and dash smuggling (CVE-2025-64484)',
  rule: 'a name with an underscore does not pass for the field with a dash that was dropped',
  checks: SPELLINGS.map((name) =>
    withUpstream(`${name} does not reach the upstream`, async ({ url, upstream }) => {
      const stand = upstream.serve()
      await send(url, { target: stand.path, lines: [`${name}: kit-root`] })
      const left = pairsOf(stand.requests[0]?.rawHeaders ?? []).filter(
        ([, value]) => value === 'kit-root',
      )
      expectEqual([stand.requests.length, left], [1, []], 'requests and fields')
    }),
  ),
}

export const healthAgents: Line = {
  id: 'A5',
  topic: 'health-check User-Agent bypass',
  rule: 'what a caller calls itself changes nothing',
  checks: [
    ...AGENTS.map((agent) =>
      withUpstream(`${agent} is a caller like any other`, async ({ url, upstream }) => {
        const stand = upstream.serve(
          (_req, res) => void res.writeHead(401, { 'x-kit': '1' }).end('who are you?'),
        )
        const answer = await send(url, {
          target: `${stand.path}/healthz`,
          lines: [`User-Agent: ${agent}`],
        })
        expectEqual(
          [answer.status, answer.body, stand.requests.length],
          [401, 'who are you?', 1],
          'answer and sends',
        )
      }),
    ),
    inLab('none of them is exchanged for without a token, or spared the denial', async (lab) => {
      const house = await buildHouse(lab)
      for (const agent of AGENTS)
        expectStatus(await house.call({ lines: [`User-Agent: ${agent}`] }), 403)
      expectEqual(house.exchanges(), 0, 'exchanges')
    }),
  ],
}

export const credentialOverrides: Line = {
  id: 'A10',
  topic: 'X-Upstream-Authorization overrides (CVE-2026-110279)',
  rule: 'no field of a caller takes the place of the outgoing credential, on the first attempt or the replay',
  checks: [
    ...Object.keys(OTHER_PLACES).map(isNoOverride),
    withUpstream('each alone adds no Authorization', async ({ url, upstream }) => {
      const stand = upstream.serve()
      for (const { lines = [] } of Object.values(OTHER_PLACES))
        await send(url, { target: stand.path, lines })
      const invented = stand.requests.filter(({ authorization }) => authorization !== undefined)
      expectEqual(invented.length, 0, 'requests with an Authorization')
    }),
  ],
}

function isNoOverride(name: string): Check {
  return inLab(`${name} changes nothing about the replay’s credential`, async (lab) => {
    const house = await buildHouse(lab)
    const place = OTHER_PLACES[name]
    const token = await tokenOf(lab)
    const answer = await house.call({
      token,
      lines: place?.lines ?? [],
      target: house.stand.path + (place?.target ?? ''),
    })
    expectStatus(answer, 200)
    const [first, second] = house.stand.requests.map(({ authorization }) => authorization)
    expectEqual(
      [first === `Bearer ${token}`, second?.startsWith('Bearer eyJ'), second === first],
      [true, true, false],
      'credentials',
    )
  })
}
