import type { SeenRequest } from '../../support/upstream.ts'
import { pairsOf } from '../answer.ts'
import type { Check, Line } from '../check.ts'
import { inLab, withUpstream } from '../check.ts'
import { expectEqual, expectThat } from '../expect.ts'
import { buildHouse } from '../lab.ts'
import { send } from '../wire.ts'

/** Servers behind a proxy believe these; some read an underscore as a dash (CVE-2025-64484). */
const SPOOFED: readonly string[] = [
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-User',
  'X-Forwarded-Email',
  'X-Forwarded-Access-Token',
  'x-forwarded-groups',
  'Forwarded',
  'X_Forwarded_User',
  'X_Forwarded-For',
  'X-Forwarded_Host',
  'x_forwarded_access_token',
]

const SPOOF = 'kit-spoof'

export const forwarded: Line = {
  id: 'H12',
  topic: 'forwarded headers',
  rule: 'Host is the upstream’s; X-Forwarded-* and Forwarded of a caller are dropped unless its peer is trusted, then kept and appended to; Via on each message',
  checks: [
    ...SPOOFED.map(isDropped),
    withUpstream('the address that counts is the peer’s own', async ({ url, upstream }) => {
      const stand = upstream.serve()
      await send(url, {
        target: stand.path,
        lines: ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 7.7.7.7'],
      })
      const values = valuesOf(stand.requests[0], 'x-forwarded-for')
      expectEqual(values.length, 1, 'X-Forwarded-For lines')
      expectThat(!/[67]\.[67]/.test(values[0] ?? ''), `X-Forwarded-For is ${values[0]}`)
    }),
    withUpstream('Via is on the request and on the answer', async ({ url, upstream }) => {
      const stand = upstream.serve()
      const answer = await send(url, { target: stand.path, lines: ['Via: 1.0 kit'] })
      const sent = valuesOf(stand.requests[0], 'via')
      expectThat(
        sent[0] === '1.0 kit' && sent.length > 1,
        `Via at the upstream: ${sent.join(' | ')}`,
      )
      expectThat(/\r\nvia: 1\.1 /i.test(answer.text), 'no Via on the answer')
    }),
    inLab('Host is the upstream’s, the caller’s goes to X-Forwarded-Host', async (lab) => {
      const house = await buildHouse(lab, (_req, res) => void res.end('ok'))
      await house.call()
      const [seen] = house.stand.requests
      expectEqual(valuesOf(seen, 'host'), [new URL(house.upstream.url).host], 'Host')
      expectEqual(valuesOf(seen, 'x-forwarded-host'), [new URL(house.url).host], 'X-Forwarded-Host')
      expectEqual(valuesOf(seen, 'x-forwarded-proto'), ['http'], 'X-Forwarded-Proto')
    }),
    inLab(
      'a trusted peer’s fields are kept and appended to, but no spelling with an underscore',
      async (lab) => {
        const house = await trusting(lab, '127.0.0.0/8')
        await house.call({
          lines: [
            'X-Forwarded-For: 203.0.113.7',
            'X-Forwarded-Host: api.example',
            'X-Forwarded-Proto: https',
            'Forwarded: for=203.0.113.7',
            'X_Forwarded_For: 6.6.6.6',
            'X_Forwarded_User: root',
          ],
        })
        const [seen] = house.stand.requests
        expectEqual(
          valuesOf(seen, 'x-forwarded-for'),
          ['203.0.113.7, 127.0.0.1'],
          'X-Forwarded-For',
        )
        expectEqual(valuesOf(seen, 'x-forwarded-host'), ['api.example'], 'X-Forwarded-Host')
        expectEqual(valuesOf(seen, 'x-forwarded-proto'), ['https'], 'X-Forwarded-Proto')
        expectEqual(valuesOf(seen, 'forwarded'), ['for=203.0.113.7'], 'Forwarded')
        const spelled = pairsOf(seen?.rawHeaders ?? []).filter(([name]) => name.includes('_'))
        expectEqual(spelled, [], 'names with an underscore')
      },
    ),
    inLab('to name another network as trusted opens nothing', async (lab) => {
      const house = await trusting(lab, '10.0.0.0/8')
      await house.call({ lines: ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-User: root'] })
      const [seen] = house.stand.requests
      expectEqual(valuesOf(seen, 'x-forwarded-for'), ['127.0.0.1'], 'X-Forwarded-For')
      expectEqual(valuesOf(seen, 'x-forwarded-user'), [], 'X-Forwarded-User')
    }),
  ],
}

function isDropped(name: string): Check {
  return withUpstream(`${name} of a caller is dropped`, async ({ url, upstream }) => {
    const stand = upstream.serve()
    await send(url, { target: stand.path, lines: [`${name}: ${SPOOF}`] })
    const left = pairsOf(stand.requests[0]?.rawHeaders ?? []).filter(([, value]) =>
      value.includes(SPOOF),
    )
    expectEqual([stand.requests.length, left], [1, []], 'requests and what is left of the spoof')
  })
}

function trusting(lab: Parameters<typeof buildHouse>[0], proxies: string) {
  return buildHouse(lab, (_req, res) => void res.end('ok'), { env: { TRUSTED_PROXIES: proxies } })
}

function valuesOf(seen: SeenRequest | undefined, name: string): readonly string[] {
  return pairsOf(seen?.rawHeaders ?? [])
    .filter(([field]) => field.toLowerCase() === name)
    .map(([, value]) => value)
}
