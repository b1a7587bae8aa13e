import type { Fault } from '../../../demo/authorization-server/faults.ts'
import { scopesOf } from '../../support/upstream.ts'
import type { Check, Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual, expectThat } from '../expect.ts'
import type { HouseOptions } from '../lab.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf } from '../lab.ts'

/** What a hostile upstream names; nothing of it may be asked for, not even the harmless part. */
const GREED: Readonly<Record<string, string>> = {
  'admin offline_access *': 'admin offline_access *',
  'everything at once': '*',
  'realm management': 'realm-management manage-users',
  'a denied scope by pattern': 'llama:admin',
  'a denied scope deep inside': 'llama:admin:all',
  'a denied one beside a harmless one': `${SCOPE} llama:admin`,
  'a foreign one beside a harmless one': `${SCOPE} offline_access`,
  'too many': Array.from({ length: 51 }, (_, i) => `llama:s${i}`).join(' '),
}

/** What a broken or hostile authorization server issues. */
const LIES: Readonly<Record<string, Fault>> = {
  'another sub': { kind: 'claims', claims: { sub: 'somebody-else' } },
  'no sub': { kind: 'claims', claims: { sub: undefined } },
  'another issuer': { kind: 'claims', claims: { iss: 'https://evil.example' } },
  'another audience': { kind: 'claims', claims: { aud: 'neighbour' } },
  'an audience more': {
    kind: 'claims',
    claims: { aud: ['authentication-demo', 'neighbour'] },
  },
  'an end in the past': { kind: 'claims', claims: { exp: 1 } },
  'no end': { kind: 'claims', claims: { exp: undefined } },
  'a beginning in the future': { kind: 'claims', claims: { nbf: 4_000_000_000 } },
  'a denied scope on top': { kind: 'claims', claims: { scope: `${SCOPE} llama:admin` } },
  'a denied scope on top, in the answer alone': {
    kind: 'answer-fields',
    fields: { scope: `${SCOPE} llama:admin` },
  },
  'less than was asked for': { kind: 'drop-scopes', scopes: [SCOPE] },
  'less in the token than in the answer': { kind: 'claims', claims: { scope: 'openid' } },
  'a signature that is none': { kind: 'bad-signature' },
  'another type of token': { kind: 'answer-fields', fields: { token_type: 'DPoP' } },
  'no token': { kind: 'answer-fields', fields: { access_token: undefined } },
}

export const evilUpstream: Line = {
  id: 'T2',
  topic: 'an upstream names its own scopes, or a neighbour’s',
  rule: 'allow-list, deny-list, cap and pinned audience; the issued token is verified whole before it is used',
  checks: [
    ...Object.entries(GREED).map(isNotAskedFor),
    ...Object.entries(LIES).map(isNotUsed),
    inLab('the audience is the operator’s, whatever the upstream says', async (lab) => {
      const house = await buildHouse(lab, (req, res) => {
        const challenge = `Bearer error="insufficient_scope", scope="${SCOPE}", audience="scopelift-login", resource="https://neighbour.example"`
        const isGranted = scopesOf(req.headers.authorization).includes(SCOPE)
        res.writeHead(isGranted ? 200 : 403, { 'www-authenticate': challenge }).end()
      })
      expectEqual(
        outcomeOf(await house.call({ token: await tokenOf(lab) })),
        'stepped-up',
        'outcome',
      )
      const form = house.realm.requests.at(-1)?.form ?? []
      expectEqual(
        form.filter(([name]) => name === 'audience' || name === 'resource'),
        [['audience', 'authentication-demo']],
        'what Keycloak was asked for',
      )
    }),
    inLab('without a pinned audience a token with a new one is refused', async (lab) => {
      const house = await buildHouse(lab, undefined, { env: { KEYCLOAK_AUDIENCE: '' } })
      house.realm.faults.next({
        kind: 'claims',
        claims: { aud: ['authentication-demo', 'mcp-server'] },
      })
      const answer = await house.call({ token: await tokenOf(lab) })
      expectEqual(
        [answer.status, outcomeOf(answer), house.stand.requests.length],
        [403, 'exchange-refused', 1],
        'answer and sends',
      )
    }),
  ],
}

function isNotAskedFor([name, scope]: readonly [string, string]): Check {
  return inLab(`it names ${name}: not asked for`, async (lab) => {
    const house = await buildHouse(lab, (_req, res) => {
      res.writeHead(403, {
        'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"`,
      })
      res.end('denied')
    })
    const answer = await house.call({ token: await tokenOf(lab) })
    expectEqual(
      [answer.status, answer.body, house.exchanges()],
      [403, 'denied', 0],
      'answer and exchanges',
    )
    expectEqual(outcomeOf(answer), 'scope-not-allowed', 'outcome')
  })
}

function isNotUsed([name, fault]: readonly [string, Fault]): Check {
  return inLab(`Keycloak issues ${name}: not used`, async (lab) => {
    const options: HouseOptions = {}
    const house = await buildHouse(lab, undefined, options)
    house.realm.faults.next(fault)
    const answer = await house.call({ token: await tokenOf(lab) })
    expectThat(
      [403, 503].includes(answer.status),
      `status ${answer.status}, outcome ${outcomeOf(answer)}`,
    )
    expectEqual(house.stand.requests.length, 1, 'sends')
  })
}
