import { scopesOf } from '../../support/upstream.ts'
import type { Canary } from '../canary.ts'
import { startCanary } from '../canary.ts'
import type { Check, Line } from '../check.ts'
import { atLocalTarget, inLab } from '../check.ts'
import { expectEqual } from '../expect.ts'
import { buildHouse, SCOPE, tokenOf } from '../lab.ts'
import { exchange, send } from '../wire.ts'

/** Parameters of challenges that name a URL. */
const PARAMETERS = [
  'resource_metadata',
  'error_uri',
  'scope_uri',
  'realm',
  'as_uri',
  'authorization_uri',
  'token_uri',
  'resource',
]
/** Members of a token's head that name a URL (RFC 7515 §4.1). */
const HEAD_MEMBERS = ['jku', 'x5u', 'iss']

export const ssrf: Line = {
  id: 'T6',
  topic: 'SSRF by resource_metadata, error_uri or a token’s iss',
  rule: 'nothing that a challenge, an answer or a token names is ever fetched',
  checks: [
    ...PARAMETERS.map(parameterIsNotFetched),
    inLab('Link, Location and Refresh of a denial are not fetched', async (lab) => {
      const canary = await startCanary(lab)
      const house = await buildHouse(lab, (_req, res) => {
        res.writeHead(403, {
          'www-authenticate': `Bearer error="insufficient_scope", scope="${SCOPE}"`,
          link: `<${canary.url}/a>; rel="preload"`,
          location: canary.url,
          refresh: `0; url=${canary.url}`,
        })
        res.end()
      })
      await house.call({ token: await tokenOf(lab) })
      await isSilent(canary)
    }),
    atLocalTarget('the issuer of a forged token is not asked', async ({ url, teardown }) => {
      const canary = await startCanary({ teardown })
      await send(url, { token: forged({ alg: 'RS256', kid: 'kit' }, { iss: canary.url }) })
      await send(url, {
        token: forged(
          { alg: 'RS256', kid: 'kit' },
          { iss: `${canary.url}/realms/authentication-demo` },
        ),
      })
      await isSilent(canary)
    }),
    ...HEAD_MEMBERS.map((member) =>
      atLocalTarget(`${member} in a token’s head is not fetched`, async ({ url, teardown }) => {
        const canary = await startCanary({ teardown })
        await send(url, {
          token: forged({ alg: 'RS256', kid: 'kit', [member]: canary.url }, { iss: 'kit' }),
        })
        await isSilent(canary)
      }),
    ),
    ...HEAD_MEMBERS.map((member) =>
      inLab(`nor where the token claims our issuer (${member})`, async (lab) => {
        const canary = await startCanary(lab)
        const house = await buildHouse(lab)
        const claims = { iss: lab.realm.issuer, sub: 'alice', aud: 'authentication-demo' }
        await house.call({
          token: forged({ alg: 'RS256', kid: 'unknown', [member]: canary.url }, claims),
        })
        await isSilent(canary)
        expectEqual(house.exchanges(), 0, 'exchanges')
      }),
    ),
    atLocalTarget('an absolute target leads nowhere', async ({ url, teardown }) => {
      const canary = await startCanary({ teardown })
      await send(url, { target: `${canary.url}/x` })
      await send(url, {
        target: '/',
        lines: [`X-Forwarded-Host: ${new URL(canary.url).host}`, `X-Original-URL: ${canary.url}`],
      })
      await isSilent(canary)
    }),
    atLocalTarget('nor does a Host field', async ({ url, teardown }) => {
      const canary = await startCanary({ teardown })
      const { hostname, port } = new URL(url)
      await sendAs(`http://${hostname}:${port}`, new URL(canary.url).host)
      await isSilent(canary)
    }),
  ],
}

function parameterIsNotFetched(parameter: string): Check {
  return inLab(`${parameter} of a challenge is not fetched, stepped up or not`, async (lab) => {
    const canary = await startCanary(lab)
    const house = await buildHouse(lab, (req, res) => {
      const isGranted = scopesOf(req.headers.authorization).includes(SCOPE)
      const scope = req.url?.endsWith('bare') ? '' : `, scope="${SCOPE}"`
      const challenge = `Bearer error="insufficient_scope"${scope}, ${parameter}="${canary.url}/${parameter}"`
      res.writeHead(isGranted ? 200 : 403, { 'www-authenticate': challenge }).end()
    })
    const token = await tokenOf(lab)
    await house.call({ token, target: `${house.stand.path}/bare` })
    await house.call({ token })
    await isSilent(canary)
  })
}

/** A fetch that nobody waits for would come a little later. */
async function isSilent(canary: Canary): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 30))
  expectEqual(canary.hits, 0, 'connections to the canary')
}

function forged(
  head: Readonly<Record<string, string>>,
  claims: Readonly<Record<string, string>>,
): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const payload = {
    exp: Math.floor(Date.now() / 1000) + 300,
    sub: 'kit',
    scope: 'openid',
    ...claims,
  }
  return `${encode(head)}.${encode(payload)}.${'A'.repeat(342)}`
}

async function sendAs(url: string, host: string): Promise<void> {
  await exchange(url, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
}
