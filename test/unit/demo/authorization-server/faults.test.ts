import { createRemoteJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { claimsOf, exchangeForm, postForm, startDemoRealm } from '../../../support/demo-servers.ts'

t.test(
  'faults named for the next requests are used up in their order, standing ones are not',
  async (t) => {
    const server = await startDemoRealm(t)
    const form = exchangeForm(await server.issueSubjectToken({ user: 'alice' }))
    const status = async () => (await postForm(server, form)).status
    server.faults.always({ kind: 'answer', status: 503, body: '{}' })
    server.faults.next({ kind: 'answer', status: 429, body: '{}', headers: { 'retry-after': '1' } })
    server.faults.next({ kind: 'answer', status: 500, body: '{}' })
    t.same([await status(), await status(), await status(), await status()], [429, 500, 503, 503])
    server.faults.clear()
    t.equal(await status(), 200)
    t.equal(server.exchanges, 5)
  },
)

t.test(
  'a fault of the exchange leaves logins alone, and the key set has faults of its own',
  async (t) => {
    const server = await startDemoRealm(t, {
      faults: { exchange: { kind: 'reset' }, certs: { kind: 'answer', status: 404 } },
    })
    const login = await postForm(server, {
      grant_type: 'password',
      client_id: 'scopelift-login',
      username: 'alice',
      password: 'alice',
    })
    t.equal(login.status, 200)
    await t.rejects(postForm(server, exchangeForm(String(login.body.access_token))))
    t.equal((await fetch(server.jwksUri)).status, 404)
  },
)

t.test('a token can lie about its claims, its signature and its scopes', async (t) => {
  const server = await startDemoRealm(t)
  const form = exchangeForm(await server.issueSubjectToken({ user: 'alice' }), {
    scope: 'mcp:list_files mcp:health_check',
  })
  const keySet = createRemoteJWKSet(new URL(server.jwksUri))
  const exchange = async () => (await postForm(server, form)).body

  server.faults.next({
    kind: 'claims',
    claims: { sub: 'mallory', iss: 'x', exp: 1, aud: undefined },
  })
  const claims = claimsOf((await exchange()).access_token)
  t.match(claims, { sub: 'mallory', iss: 'x', exp: 1 })
  t.notOk('aud' in claims)

  server.faults.next({ kind: 'bad-signature' })
  await t.rejects(jwtVerify(String((await exchange()).access_token), keySet), {
    code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  })

  server.faults.next({ kind: 'drop-scopes', scopes: ['mcp:health_check'] })
  const dropped = await exchange()
  t.equal(dropped.scope, 'mcp:list_files')
  t.equal(claimsOf(dropped.access_token).scope, 'mcp:list_files')

  server.faults.next({ kind: 'answer-fields', fields: { token_type: 'mac', scope: undefined } })
  const lying = await exchange()
  t.equal(lying.token_type, 'mac')
  t.notOk('scope' in lying)
})

t.test('the wire can stall, break off, redirect, send nonsense and send too much', async (t) => {
  const server = await startDemoRealm(t)
  const form = exchangeForm(await server.issueSubjectToken({ user: 'alice' }))

  server.faults.next({ kind: 'truncate' })
  await t.rejects(postForm(server, form))

  server.faults.next({ kind: 'answer', status: 200, body: '{"access_token":' })
  await t.rejects(postForm(server, form), SyntaxError)

  server.faults.next({ kind: 'huge-body', bytes: 10 * 1024 * 1024 })
  const huge = JSON.stringify((await postForm(server, form)).body)
  t.equal(huge.length, 10 * 1024 * 1024)

  server.faults.next({ kind: 'answer', status: 302, headers: { location: '/elsewhere' } })
  const redirect = await fetch(server.tokenEndpoint, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange' }),
    redirect: 'manual',
  })
  t.equal(redirect.headers.get('location'), '/elsewhere')

  server.faults.next({ kind: 'delay', ms: 1 })
  t.equal((await postForm(server, form)).status, 200)

  server.faults.next({ kind: 'stall' })
  const stalled = postForm(server, form)
  server.faults.next({ kind: 'delay', ms: 3_600_000 })
  const delayed = postForm(server, form)
  await Promise.all([
    t.rejects(stalled),
    t.rejects(delayed),
    // Both are in once the counter says so; closing must not wait for them.
    (async () => {
      while (server.exchanges < 7) await new Promise((resolve) => setImmediate(resolve))
      await server.close()
    })(),
  ])
})
