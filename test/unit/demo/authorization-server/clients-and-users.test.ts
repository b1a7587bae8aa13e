import t from 'tap'
import {
  basicCredentials,
  exchangeForm,
  postForm,
  REQUESTER,
  REQUESTER_SECRET,
  startDemoRealm,
} from '../../../support/demo-servers.ts'

const WRONG = 'Invalid client or Invalid client credentials'

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

t.test('the client authenticates by Basic, form-urlencoded first', async (t) => {
  const server = await startDemoRealm(t)
  const form = exchangeForm(await server.issueSubjectToken({ user: 'alice' }))
  const { client_id: _id, client_secret: _secret, ...rest } = form
  const ask = (headers: Record<string, string>) => postForm(server, rest, headers)

  t.equal((await ask(basicCredentials(REQUESTER, REQUESTER_SECRET))).status, 200)
  const raw = `${REQUESTER}:${REQUESTER_SECRET}`
  t.equal((await ask({ authorization: `Basic ${base64(raw)}` })).status, 400, 'a raw percent sign')
  const plus = `${REQUESTER}:${encodeURIComponent(REQUESTER_SECRET).replace('%2B', '+')}`
  const wrong = await ask({ authorization: `Basic ${base64(plus)}` })
  t.equal(wrong.status, 401, 'a raw plus sign is a space')
  t.same(wrong.body, { error: 'unauthorized_client', error_description: WRONG })

  const challenged = await ask({ authorization: 'Negotiate x' })
  t.equal(challenged.status, 401)
  t.equal(challenged.headers.get('www-authenticate'), `Basic realm="${server.realm}"`)
  const nobody = await ask({})
  t.equal(nobody.status, 400)
  t.same(nobody.body, {
    error: 'invalid_client',
    error_description: 'Missing client_id parameter',
  })
})

t.test('form fields beat Basic', async (t) => {
  const server = await startDemoRealm(t)
  const form = exchangeForm(await server.issueSubjectToken({ user: 'alice' }))
  const wrongBasic = basicCredentials(REQUESTER, 'wrong')
  t.equal((await postForm(server, form, wrongBasic)).status, 200)
  const goodBasic = basicCredentials(REQUESTER, REQUESTER_SECRET)
  const wrongForm = { ...form, client_secret: 'wrong' }
  t.equal((await postForm(server, wrongForm, goodBasic)).status, 401)
})

t.test(
  'a wrong secret is unauthorized_client, an unknown client invalid_client, both 401',
  async (t) => {
    const server = await startDemoRealm(t)
    const form = exchangeForm('x')
    const secret = await postForm(server, { ...form, client_secret: 'wrong' })
    t.equal(secret.status, 401)
    t.same(secret.body, { error: 'unauthorized_client', error_description: WRONG })
    const client = await postForm(server, { ...form, client_id: 'stranger' })
    t.equal(client.status, 401)
    t.same(client.body, { error: 'invalid_client', error_description: WRONG })
  },
)

t.test('a client of the realm that is disabled or wants a JWT says so', async (t) => {
  const common = { publicClient: false, secret: REQUESTER_SECRET, clientId: REQUESTER }
  const with_ = (client: object) =>
    startDemoRealm(t, { realm: { realm: 'r', clients: [{ ...common, ...client }] } })
  const disabled = await postForm(await with_({ enabled: false }), exchangeForm('x'))
  t.equal(disabled.status, 401)
  t.match(disabled.body, { error: 'invalid_client' })
  const jwt = await postForm(
    await with_({ clientAuthenticatorType: 'client-jwt' }),
    exchangeForm('x'),
  )
  t.equal(jwt.status, 400)
  t.same(jwt.body, {
    error: 'invalid_client',
    error_description: 'Parameter client_assertion_type is missing',
  })
})

t.test('users log in with their password, at clients with direct grants only', async (t) => {
  const server = await startDemoRealm(t)
  const login = {
    grant_type: 'password',
    client_id: 'scopelift-login',
    username: 'alice',
    password: 'alice',
  }
  const good = await postForm(server, login)
  t.equal(good.status, 200)
  t.match(good.body, { token_type: 'Bearer', expires_in: 300, session_state: String })
  t.notOk('id_token' in good.body)
  t.equal(server.exchanges, 0)

  const cases = [
    [{ ...login, password: 'wrong' }, 400, 'invalid_grant', 'Invalid user credentials'],
    [{ ...login, username: 'stranger' }, 400, 'invalid_grant', 'Invalid user credentials'],
    [{ ...login, scope: 'mcp:list_files' }, 400, 'invalid_scope', 'Invalid scopes: mcp:list_files'],
    [
      { ...login, client_id: REQUESTER, client_secret: REQUESTER_SECRET },
      400,
      'unauthorized_client',
      'Client not allowed for direct access grants',
    ],
  ] as const
  for (const [form, status, error, error_description] of cases) {
    const refused = await postForm(server, form)
    t.equal(refused.status, status, error_description)
    t.same(refused.body, { error, error_description })
  }
  server.accounts.disable('alice')
  t.match((await postForm(server, login)).body, { error_description: 'Account disabled' })
  server.accounts.enable('alice')
  t.equal((await postForm(server, login)).status, 200)
})

t.test('an account without e-mail and both names cannot log in', async (t) => {
  const whole = { enabled: true, email: 'u@example.test', firstName: 'U', lastName: 'V' }
  const credentials = [{ type: 'password', value: 'p' }]
  const server = await startDemoRealm(t, {
    realm: {
      realm: 'r',
      clients: [{ clientId: 'login', publicClient: true, directAccessGrantsEnabled: true }],
      users: [
        { ...whole, username: 'whole', credentials },
        { ...whole, username: 'nameless', credentials, lastName: undefined },
        { ...whole, username: 'due', credentials, requiredActions: ['UPDATE_PASSWORD'] },
      ],
    },
  })
  const logIn = (username: string) =>
    postForm(server, { grant_type: 'password', client_id: 'login', username, password: 'p' })
  t.equal((await logIn('whole')).status, 200)
  for (const username of ['nameless', 'due']) {
    const { status, body } = await logIn(username)
    t.equal(status, 400)
    t.same(body, { error: 'invalid_grant', error_description: 'Account is not fully set up' })
  }
})

t.test('a client without a service account gets no token of its own', async (t) => {
  const server = await startDemoRealm(t)
  const { status, body } = await postForm(server, {
    grant_type: 'client_credentials',
    client_id: 'fixture-consent',
    client_secret: REQUESTER_SECRET,
  })
  t.equal(status, 401)
  t.same(body, {
    error: 'unauthorized_client',
    error_description: 'Client not enabled to retrieve service account',
  })
})

t.test('an Origin is refused', async (t) => {
  const server = await startDemoRealm(t)
  const form = exchangeForm(await server.issueSubjectToken({ user: 'alice' }))
  t.equal((await postForm(server, form, { origin: 'http://elsewhere.test' })).status, 403)
})
