import { startScopelift } from '../../support/scopelift.ts'
import type { ReceivedRequest } from '../../support/token-endpoint.ts'
import { createSigningKey, startTokenEndpoint } from '../../support/token-endpoint.ts'
import { scopesOf, startUpstream } from '../../support/upstream.ts'
import type { Check, Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual, expectThat } from '../expect.ts'
import { buildHouse, outcomeOf, tokenOf } from '../lab.ts'
import { send } from '../wire.ts'

/** Legal scope tokens (RFC 6749 §3.3) that would be more in a form that was put together by hand. */
const LEGAL: readonly string[] = [
  'llama:x&audience=evil',
  'llama:x&scope=admin',
  'llama:x%26audience=evil',
  'llama:x+offline_access',
  'llama:x;audience=evil',
  'llama:x#fragment',
  'llama:x=y&grant_type=client_credentials',
]

/** Never a scope token: the whole denial names nothing. */
const ILLEGAL: readonly string[] = [
  'llama:x\r\nX-Injected: 1',
  'llama:x\nadmin',
  'llama:x\tadmin',
  'llama:x\u0000',
  'llama:"x"',
  'llama:\\x',
  'llama:é',
  'llama:x\u2028admin',
]

export const injection: Line = {
  id: 'T5',
  topic: 'a parameter or a line break smuggled in a scope',
  rule: 'charset of RFC 6749 §3.3, and forms that are encoded: the token endpoint sees one scope, one audience, one grant',
  checks: [
    ...LEGAL.map((scope) =>
      inLab(`${scope} arrives as one scope`, async (lab) => {
        const [exchange] = await exchangesFor(lab, scope)
        expectThat(exchange !== undefined, 'no exchange at all')
        const { form, body } = exchange
        expectEqual(
          form
            .getAll('scope')
            .flatMap((value) => value.split(' '))
            .includes(scope),
          true,
          'the scope in the form',
        )
        expectEqual(
          [form.getAll('audience'), form.getAll('grant_type').length],
          [['authentication-demo'], 1],
          'audience and grant',
        )
        const names = body.split('&').map((pair) => pair.split('=')[0])
        expectEqual(new Set(names).size, names.length, 'parameters, each once')
        expectThat(
          !/[^\w%.*+=&~-]/.test(body),
          'the raw body holds a character that is not encoded',
        )
      }),
    ),
    ...ILLEGAL.map(isNoScope),
  ],
}

/** A token endpoint that keeps the raw bodies, and a denial that names the scope. */
async function exchangesFor(
  lab: Parameters<typeof buildHouse>[0],
  scope: string,
): Promise<readonly ReceivedRequest[]> {
  const endpoint = await startTokenEndpoint(await createSigningKey('kit', 'ES256'))
  lab.teardown(() => endpoint.close())
  const upstream = await startUpstream(lab, (req, res) => {
    const isGranted = scopesOf(req.headers.authorization).includes(scope)
    res.writeHead(isGranted ? 200 : 403, {
      'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"`,
    })
    res.end()
  })
  const { origin } = new URL(endpoint.issuer)
  const scopelift = await startScopelift(lab, {
    upstreamUrl: upstream.url,
    authorizationServer: { url: origin, realm: 'test' },
  })
  const token = await endpoint.sign({
    iss: endpoint.issuer,
    sub: 'alice',
    aud: 'authentication-demo',
    exp: Math.floor(Date.now() / 1000) + 300,
    scope: 'openid',
  })
  await send(scopelift.url, { token })
  return endpoint.exchanges
}

function isNoScope(scope: string): Check {
  return inLab(`${JSON.stringify(scope)} is no scope`, async (lab) => {
    const house = await buildHouse(lab, (_req, res) => {
      res.writeHead(403, { 'content-type': 'application/json' })
      res.end(JSON.stringify({ error: 'insufficient_scope', scope }))
    })
    const answer = await house.call({ token: await tokenOf(lab) })
    expectEqual([answer.status, house.exchanges()], [403, 0], 'status and exchanges')
    expectThat(outcomeOf(answer) !== 'stepped-up', 'it was stepped up')
  })
}
