import type { Check, Line } from '../check.ts'
import { inLab, withUpstream } from '../check.ts'
import { expectEqual } from '../expect.ts'
import { buildHouse, outcomeOf, tokenOf } from '../lab.ts'
import { send } from '../wire.ts'

/** Places where other intermediaries look for a credential, `KIT` standing for one. */
export const OTHER_PLACES: Readonly<
  Record<
    string,
    { readonly lines?: readonly string[]; readonly target?: string; readonly body?: string }
  >
> = {
  'a cookie': { lines: ['Cookie: access_token=KIT; Authorization=Bearer%20KIT'] },
  'the query': { target: '?access_token=KIT&authorization=Bearer+KIT' },
  'a form': {
    lines: ['Content-Type: application/x-www-form-urlencoded'],
    body: 'access_token=KIT',
  },
  'X-Upstream-Authorization': { lines: ['X-Upstream-Authorization: Bearer KIT'] },
  'X-Authorization': { lines: ['X-Authorization: Bearer KIT'] },
  'X-Forwarded-Authorization': { lines: ['X-Forwarded-Authorization: Bearer KIT'] },
  'X-Original-Authorization': { lines: ['X-Original-Authorization: Bearer KIT'] },
  'X-Access-Token': { lines: ['X-Access-Token: KIT', 'X-Auth-Request-Access-Token: KIT'] },
  'Proxy-Authorization': { lines: ['Proxy-Authorization: Bearer KIT'] },
  Authentication: { lines: ['Authentication: Bearer KIT', 'Auth: Bearer KIT'] },
  'a name with an underscore': {
    lines: ['Authorization_: Bearer KIT', '_Authorization: Bearer KIT'],
  },
  'a WebSocket protocol': { lines: ['Sec-WebSocket-Protocol: bearer, KIT'] },
  'a provider field of Llama Stack': {
    lines: ['X-LlamaStack-Provider-Data: {"authorization":"KIT"}'],
  },
}

export const confusedDeputy: Line = {
  id: 'T11',
  topic: 'confused deputy',
  rule: 'no exchange without a live bearer of the caller, no identity of our own to fall back to; header, cookie or query never choose the outgoing credential',
  checks: [
    withUpstream(
      'a request without Authorization reaches the upstream without one',
      async ({ url, upstream }) => {
        const stand = upstream.serve()
        await send(url, { target: stand.path })
        expectEqual(
          [stand.requests.length, stand.requests[0]?.authorization],
          [1, undefined],
          'at the upstream',
        )
      },
    ),
    ...Object.entries(OTHER_PLACES).map(([name, place]) => choosesNothing(name, place)),
    ...Object.entries(OTHER_PLACES).map(([name, place]) => isNoSubject(name, place)),
    inLab('another scheme is no bearer: the denial as it came', async (lab) => {
      const house = await buildHouse(lab)
      for (const value of [
        'Basic a2l0OmtpdA==',
        'DPoP kit',
        'Bearer',
        'Bearer ',
        'Token kit',
        `BearerX ${await tokenOf(lab)}`,
      ]) {
        const answer = await house.call({ lines: [`Authorization: ${value}`] })
        expectEqual(
          [answer.status, outcomeOf(answer)],
          [403, 'no-subject-token'],
          value.slice(0, 12),
        )
      }
      expectEqual(house.exchanges(), 0, 'exchanges')
    }),
    inLab(
      'a dead, foreign or bound token is never exchanged, nor replaced by an identity of ours',
      async (lab) => {
        const house = await buildHouse(lab)
        const claims = [
          { exp: 1 },
          { iss: 'https://elsewhere.example' },
          { sub: undefined },
          { exp: undefined },
          { cnf: { jkt: 'x' } },
        ]
        for (const one of claims) {
          const answer = await house.call({ token: await tokenOf(lab, 'alice', { claims: one }) })
          expectEqual(
            [answer.status, outcomeOf(answer)],
            [403, 'subject-token-unusable'],
            JSON.stringify(one),
          )
        }
        expectEqual(
          [house.exchanges(), house.stand.requests.length],
          [0, claims.length],
          'exchanges and sends',
        )
      },
    ),
    inLab('Keycloak is asked for exchanges only, never for a token of our own', async (lab) => {
      const house = await buildHouse(lab)
      const before = house.realm.requests.length
      await house.call({ token: await tokenOf(lab) })
      await house.call({})
      const grants = house.realm.requests
        .slice(before)
        .flatMap(({ form }) =>
          form.filter(([name]) => name === 'grant_type').map(([, value]) => value),
        )
      expectEqual(grants, ['urn:ietf:params:oauth:grant-type:token-exchange'], 'grants')
    }),
  ],
}

type Place = (typeof OTHER_PLACES)[string]

function choosesNothing(name: string, { lines = [], target = '', body = '' }: Place): Check {
  return withUpstream(
    `a credential in ${name} does not take the place of the caller’s`,
    async ({ url, upstream }) => {
      const stand = upstream.serve()
      const call = { method: 'POST', target: stand.path + target, body }
      await send(url, { ...call, lines: [...lines, 'Authorization: Basic a2l0OmtpdA=='] })
      await send(url, { ...call, lines })
      const seen = stand.requests.map(({ authorization }) => authorization)
      expectEqual(seen, ['Basic a2l0OmtpdA==', undefined], 'Authorization at the upstream')
    },
  )
}

function isNoSubject(name: string, { lines = [], target = '', body = '' }: Place): Check {
  return inLab(`a live token in ${name} is not exchanged`, async (lab) => {
    const house = await buildHouse(lab)
    const token = await tokenOf(lab)
    const fill = (text: string) => text.replaceAll('KIT', token)
    const answer = await house.call({
      target: house.stand.path + fill(target),
      lines: lines.map(fill),
      body: fill(body),
    })
    expectEqual(
      [answer.status, outcomeOf(answer), house.exchanges()],
      [403, 'no-subject-token', 0],
      'answer',
    )
  })
}
