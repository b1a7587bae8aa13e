import { decodeProtectedHeader } from 'jose'
import t from 'tap'
import { startAuthorizationServer } from '../../../../demo/authorization-server/start-authorization-server.ts'
import {
  claimsOf,
  exchangeForm,
  postForm,
  REQUESTER_SECRET,
  startDemoRealm,
} from '../../../support/demo-servers.ts'

async function getJson(url: string): Promise<unknown> {
  return (await fetch(url)).json()
}

t.test('discovery names the endpoints, the grants and the scopes of the realm', async (t) => {
  const server = await startDemoRealm(t)
  const document = await getJson(`${server.issuer}/.well-known/openid-configuration`)
  t.match(document, {
    issuer: server.issuer,
    token_endpoint: server.tokenEndpoint,
    jwks_uri: server.jwksUri,
    grant_types_supported: ['client_credentials', 'password', /token-exchange$/],
    scopes_supported: Array,
  })
  t.match(JSON.stringify(document), /"mcp:get_server_info"/)
})

t.test('an unknown realm, an unknown path and a wrong method are told apart', async (t) => {
  const server = await startDemoRealm(t)
  const realm = await fetch(`${server.url}/realms/other/.well-known/openid-configuration`)
  t.equal(realm.status, 404)
  t.match(await realm.json(), { error: 'Realm does not exist' })
  const path = await fetch(`${server.issuer}/nothing`)
  t.equal(path.status, 404)
  t.equal((await fetch(server.tokenEndpoint)).status, 405)
  const json = await fetch(server.tokenEndpoint, { method: 'POST', body: '{}' })
  t.equal(json.status, 415)
})

t.test('a new key signs at once, and the old one verifies until it is disabled', async (t) => {
  const server = await startDemoRealm(t)
  const before = await server.issueSubjectToken({ user: 'alice' })
  const kid = await server.keys.rotate()
  const after = await server.issueSubjectToken({ user: 'alice' })
  t.equal(decodeProtectedHeader(after).kid, kid)
  t.notOk(decodeProtectedHeader(before).kid === kid)
  t.match(await getJson(server.jwksUri), { keys: [{ use: 'sig', alg: 'RS256' }, { kid }] })
  t.equal((await postForm(server, exchangeForm(before))).status, 200)
  server.keys.disable()
  t.equal((await postForm(server, exchangeForm(before))).status, 400)
  t.equal((await postForm(server, exchangeForm(after))).status, 200)
  t.equal(server.keyFetches, 1)
})

t.test('the log keeps parameters and no secret', async (t) => {
  const server = await startDemoRealm(t)
  const subject = await server.issueSubjectToken({ user: 'alice' })
  await postForm(server, exchangeForm(subject, { scope: 'mcp:list_files' }))
  const [entry] = server.requests
  t.match(entry, { method: 'POST', path: /\/token$/, authentication: 'post' })
  t.match(Object.fromEntries(entry?.form ?? []), {
    scope: 'mcp:list_files',
    client_secret: '[secret]',
    subject_token: '[secret]',
  })
  const whole = JSON.stringify(server.requests)
  t.notOk(whole.includes(subject))
  t.notOk(whole.includes(REQUESTER_SECRET))
})

t.test('secrets of the realm come from the environment, and stay literal without it', async (t) => {
  const server = await startDemoRealm(t)
  t.equal(server.clientSecret('authentication-demo'), REQUESTER_SECRET)
  const bare = await startDemoRealm(t, { env: {} })
  t.equal(bare.clientSecret('authentication-demo'), `\${KEYCLOAK_CLIENT_SECRET}`)
})

t.test('an admin that contains user opens its scopes to every user', async (t) => {
  const server = await startDemoRealm(t, {
    realm: {
      realm: 'composite',
      roles: { realm: [{ name: 'user' }, { name: 'admin', composites: { realm: ['user'] } }] },
      clientScopes: [{ name: 'gated' }],
      scopeMappings: [{ clientScope: 'gated', roles: ['admin'] }],
      clients: [
        { clientId: 'login', publicClient: true, optionalClientScopes: ['gated'] },
        { clientId: 'other', publicClient: true, attributes: { 'access.token.lifespan': '60' } },
      ],
      users: [
        { username: 'u', enabled: true, realmRoles: ['user'] },
        { username: 'n', enabled: true },
      ],
    },
  })
  const scopeOf = async (user: string) =>
    claimsOf(await server.issueSubjectToken({ user, clientId: 'login', scope: 'gated' })).scope
  t.equal(await scopeOf('u'), 'gated')
  t.equal(await scopeOf('n'), '')
  const short = claimsOf(await server.issueSubjectToken({ user: 'u', clientId: 'other' }))
  t.equal(Number(short.exp) - Number(short.iat), 60)
  t.notOk('sub' in short, 'there is no sub without its mapper')
})

t.test('a port that is taken, a realm that is none and unknown names reject', async (t) => {
  const server = await startDemoRealm(t)
  const port = Number(new URL(server.url).port)
  await t.rejects(startAuthorizationServer({ port }), { code: 'EADDRINUSE' })
  await t.rejects(startAuthorizationServer({ realm: {} }), /names no "realm"/)
  await t.rejects(server.issueSubjectToken({ user: 'stranger' }), RangeError)
  await t.rejects(server.issueSubjectToken({ user: 'alice', clientId: 'stranger' }), RangeError)
})
