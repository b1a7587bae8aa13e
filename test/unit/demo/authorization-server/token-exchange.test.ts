import { createRemoteJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import {
  claimsOf,
  exchangeForm,
  postForm,
  REQUESTER,
  startDemoRealm,
} from '../../../support/demo-servers.ts'

const SCOPE = 'llama:agent_create'

function scopesOf(scope: unknown): string[] {
  return typeof scope === 'string' ? scope.split(' ').filter(Boolean).sort() : []
}

t.test(
  'an exchange answers as Keycloak does, and the token verifies against the key set',
  async (t) => {
    const server = await startDemoRealm(t)
    const subject = await server.issueSubjectToken({ user: 'alice' })
    const { status, headers, body } = await postForm(
      server,
      exchangeForm(subject, { scope: SCOPE }),
    )

    t.equal(status, 200)
    t.equal(headers.get('cache-control'), 'no-store')
    t.match(body, {
      expires_in: 300,
      refresh_expires_in: 0,
      token_type: 'Bearer',
      'not-before-policy': 0,
      scope: SCOPE,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    })
    const keySet = createRemoteJWKSet(new URL(server.jwksUri))
    const { protectedHeader } = await jwtVerify(String(body.access_token), keySet, {
      issuer: server.issuer,
      audience: REQUESTER,
    })
    const payload = claimsOf(body.access_token)
    const caller = claimsOf(subject)
    t.equal(protectedHeader.alg, 'RS256')
    t.equal(payload.azp, REQUESTER)
    t.equal(payload.sub, caller.sub)
    t.equal(payload.sid, caller.sid)
    t.equal(payload.scope, SCOPE)
    t.equal(payload.typ, 'Bearer')
    t.match(String(payload.jti), /^ntrtte:/)
    t.notOk('acr' in payload, 'acr is not carried over')
    t.equal(server.exchanges, 1)
  },
)

t.test('scopes come from the requester client, not from the subject token', async (t) => {
  const server = await startDemoRealm(t)
  const subject = await server.issueSubjectToken({ user: 'alice' })
  t.same(scopesOf(claimsOf(subject).scope), ['email', 'profile'])
  const { body } = await postForm(server, exchangeForm(subject))
  t.equal(body.scope, '', 'the requester has no default scope that shows')
})

t.test('openid is granted to whoever asks for it', async (t) => {
  const server = await startDemoRealm(t)
  const subject = await server.issueSubjectToken({ user: 'alice', scope: 'openid' })
  const { body } = await postForm(server, exchangeForm(subject, { scope: `openid ${SCOPE}` }))
  t.same(scopesOf(body.scope), [SCOPE, 'openid'])
})

t.test('a scope that the roles forbid is dropped silently, with 200', async (t) => {
  const server = await startDemoRealm(t)
  const scope = 'mcp:list_files mcp:get_server_info'
  const grantedTo = async (user: string) => {
    const subject = await server.issueSubjectToken({ user })
    const { status, body } = await postForm(server, exchangeForm(subject, { scope }))
    t.equal(status, 200)
    t.same(scopesOf(claimsOf(body.access_token).scope), scopesOf(body.scope))
    return scopesOf(body.scope)
  }
  t.same(await grantedTo('alice'), ['mcp:list_files'])
  t.same(await grantedTo('root'), ['mcp:get_server_info', 'mcp:list_files'])
  server.accounts.grantRole('alice', 'admin')
  t.same(await grantedTo('alice'), ['mcp:get_server_info', 'mcp:list_files'])
  server.accounts.revokeRole('root', 'admin')
  t.same(await grantedTo('root'), ['mcp:list_files'])
})

t.test('one scope that the requester does not have refuses the whole set', async (t) => {
  const server = await startDemoRealm(t)
  const subject = await server.issueSubjectToken({ user: 'alice' })
  for (const scope of [`${SCOPE} unknown`, '', `${SCOPE}  mcp:list_files`, ` ${SCOPE}`]) {
    const { status, body } = await postForm(server, exchangeForm(subject, { scope }))
    t.equal(status, 400)
    t.same(body, { error: 'invalid_scope', error_description: `Invalid scopes: ${scope}` })
  }
})

t.test('a scope parameter over 4000 characters is passed over', async (t) => {
  const server = await startDemoRealm(t)
  const subject = await server.issueSubjectToken({ user: 'alice' })
  const long = `${SCOPE} ${'unknown'.repeat(600)}`
  const { status, body } = await postForm(server, exchangeForm(subject, { scope: long }))
  t.equal(status, 200)
  t.equal(body.scope, '')
})

t.test('a subject token over 20 000 characters is refused in words of its own', async (t) => {
  const server = await startDemoRealm(t)
  const { status, body } = await postForm(server, exchangeForm('x'.repeat(20_001)))
  t.equal(status, 400)
  t.match(body, { error: 'invalid_request', error_description: /longer than allowed/ })
})

t.test('every dead subject token is "Invalid token"', async (t) => {
  const server = await startDemoRealm(t)
  const other = await startDemoRealm(t)
  const idToken = await postForm(server, {
    grant_type: 'password',
    client_id: 'scopelift-login',
    username: 'alice',
    password: 'alice',
    scope: 'openid',
  })
  const loggedOut = await server.issueSubjectToken({ user: 'root' })
  server.accounts.logOut('root')
  const disabled = await server.issueSubjectToken({ user: 'nobody' })
  server.accounts.disable('nobody')
  const oldKey = await server.issueSubjectToken({ user: 'alice' })
  await server.keys.rotate()
  server.keys.disable()
  const good = await server.issueSubjectToken({ user: 'alice' })

  const dead = {
    'no token at all': 'x',
    expired: await server.issueSubjectToken({ user: 'alice', expiresInS: 0 }),
    'of another issuer': await server.issueSubjectToken({
      user: 'alice',
      claims: { iss: `${server.url}/realms/other` },
    }),
    'of another server': await other.issueSubjectToken({ user: 'alice' }),
    'an ID token': String(idToken.body.id_token),
    'of a user without account': await server.issueSubjectToken({
      user: 'alice',
      claims: { sub: 'stranger' },
    }),
    'logged out': loggedOut,
    'user disabled': disabled,
    'key disabled': oldKey,
    'signature cut off': good.slice(0, good.lastIndexOf('.') + 1),
  }
  for (const [why, token] of Object.entries(dead)) {
    const { status, body } = await postForm(server, exchangeForm(token, { scope: SCOPE }))
    t.equal(status, 400, why)
    t.same(body, { error: 'invalid_request', error_description: 'Invalid token' }, why)
  }
  t.equal((await postForm(server, exchangeForm(good))).status, 200)
})

t.test('a sender-constrained subject token is refused', async (t) => {
  const server = await startDemoRealm(t)
  const subject = await server.issueSubjectToken({ user: 'alice', claims: { cnf: { jkt: 'x' } } })
  const { status, body } = await postForm(server, exchangeForm(subject))
  t.equal(status, 400)
  t.match(body, { error: 'invalid_request', error_description: /^Sender-constrained/ })
})

t.test('the requester must stand in the subject token: in aud, or as its azp', async (t) => {
  const server = await startDemoRealm(t)
  const foreign = await server.issueSubjectToken({ user: 'alice', clientId: 'fixture-login' })
  const refused = await postForm(server, exchangeForm(foreign, { scope: SCOPE }))
  t.equal(refused.status, 403)
  t.same(refused.body, {
    error: 'access_denied',
    error_description: 'Client is not within the token audience',
  })
  const own = await server.issueSubjectToken({
    user: 'alice',
    claims: { aud: undefined, azp: REQUESTER },
  })
  t.equal((await postForm(server, exchangeForm(own, { scope: SCOPE }))).status, 200)
})

t.test('audience only filters what the requester’s own mappers name', async (t) => {
  const server = await startDemoRealm(t)
  const subject = await server.issueSubjectToken({ user: 'alice' })
  const ask = (audience: string | string[]) => postForm(server, exchangeForm(subject, { audience }))

  const granted = await ask(REQUESTER)
  t.equal(claimsOf(granted.body.access_token).aud, REQUESTER)
  const unknown = await ask('nobody-knows')
  t.equal(unknown.status, 400)
  t.same(unknown.body, { error: 'invalid_client', error_description: 'Audience not found' })
  const unavailable = await ask([REQUESTER, 'fixture-login'])
  t.equal(unavailable.status, 400)
  t.same(unavailable.body, {
    error: 'invalid_request',
    error_description: 'Requested audience not available: fixture-login',
  })
})

t.test(
  'consent that was never given, and an exchange that is switched off, are refused',
  async (t) => {
    const server = await startDemoRealm(t)
    const subject = await server.issueSubjectToken({ user: 'alice', clientId: 'fixture-login' })
    const as = (client_id: string) =>
      postForm(server, exchangeForm(subject, { client_id, scope: SCOPE }))

    const consent = await as('fixture-consent')
    t.equal(consent.status, 400)
    t.same(consent.body, {
      error: 'invalid_scope',
      error_description: 'Missing consents for Token Exchange in client fixture-consent',
    })
    for (const client of ['fixture-without-exchange', 'scopelift-login']) {
      const off = await as(client)
      t.equal(off.status, 400)
      t.same(off.body, {
        error: 'invalid_request',
        error_description: 'Standard token exchange is not enabled for the requested client',
      })
    }
  },
)

t.test('what the request lacks is named', async (t) => {
  const server = await startDemoRealm(t)
  const form = exchangeForm(await server.issueSubjectToken({ user: 'alice' }))
  const without = (name: string) =>
    Object.fromEntries(Object.entries(form).filter(([field]) => field !== name))
  const cases = [
    [without('grant_type'), 'invalid_request', 'Missing form parameter: grant_type'],
    [{ ...form, grant_type: 'urn:x' }, 'unsupported_grant_type', 'Unsupported grant_type'],
    [
      without('subject_token'),
      'invalid_request',
      "Parameter 'subject_token' required for standard token exchange",
    ],
    [
      without('subject_token_type'),
      'invalid_request',
      "Parameter 'subject_token_type' required for standard token exchange",
    ],
    [
      { ...form, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
      'invalid_request',
      "Parameter 'subject_token' supports access tokens only",
    ],
    [
      { ...form, requested_token_type: 'urn:ietf:params:oauth:token-type:saml2' },
      'invalid_request',
      'requested_token_type unsupported',
    ],
    [{ ...form, scope: [SCOPE, SCOPE] }, 'invalid_request', 'duplicated parameter'],
  ] as const
  for (const [sent, error, error_description] of cases) {
    const { status, body } = await postForm(server, sent)
    t.equal(status, 400, error_description)
    t.same(body, { error, error_description })
  }
})

t.test('the issued lifetime takes no notice of the subject’s', async (t) => {
  const server = await startDemoRealm(t)
  const subject = await server.issueSubjectToken({ user: 'alice', expiresInS: 30 })
  const { body } = await postForm(server, exchangeForm(subject))
  t.equal(body.expires_in, 300)
  t.ok(Number(claimsOf(body.access_token).exp) > Number(claimsOf(subject).exp))
})

t.test(
  'a service account’s token can be exchanged at its own client, without a session',
  async (t) => {
    const server = await startDemoRealm(t)
    const { client_id, client_secret } = exchangeForm('')
    const own = await postForm(server, {
      grant_type: 'client_credentials',
      client_id: client_id ?? '',
      client_secret: client_secret ?? '',
    })
    t.equal(own.status, 200)
    t.match(String(claimsOf(own.body.access_token).jti), /^trrtcc:/)
    const exchanged = await postForm(
      server,
      exchangeForm(String(own.body.access_token), { scope: 'mcp:health_check' }),
    )
    t.equal(exchanged.body.scope, 'mcp:health_check')
    t.notOk('sid' in claimsOf(exchanged.body.access_token))
  },
)
