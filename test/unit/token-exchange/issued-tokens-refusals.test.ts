import t from 'tap'
import type { ExchangeResult } from '../../../src/step-up/issued-tokens.ts'
import type { Answer } from '../../support/token-endpoint.ts'
import {
  createSigningKey,
  json,
  raw,
  refusal,
  reset,
  signWith,
} from '../../support/token-endpoint.ts'
import type { Harness } from './exchange-harness.ts'
import { createHarness, requestFor, tokenOf, wordsOf } from './exchange-harness.ts'

const INVALID_SCOPES = refusal(400, 'invalid_scope', 'Invalid scopes: llama:read')

t.test(
  'each refusal of Keycloak ends as its table says, and is repeated without asking',
  async (t) => {
    const table: [answer: Answer, words: string, result: string][] = [
      [
        refusal(400, 'invalid_request', 'Invalid token'),
        'refused exchange-refused invalid-token',
        'exchange-refused',
      ],
      [
        refusal(400, 'invalid_request', 'Parameter subject_token longer than allowed'),
        'refused exchange-refused subject-token-too-long',
        'exchange-refused',
      ],
      [
        refusal(403, 'access_denied', 'Client is not within the token audience'),
        'refused exchange-refused not-for-our-client',
        'exchange-refused',
      ],
      [
        refusal(400, 'invalid_scope', 'Missing consents for scopes llama:read'),
        'refused exchange-refused consent-missing',
        'exchange-refused',
      ],
      [
        refusal(400, 'invalid_request', 'Requested audience not available: llama'),
        'refused exchange-refused audience-not-available',
        'exchange-refused',
      ],
      [
        refusal(401, 'unauthorized_client'),
        'refused exchange-refused client-secret',
        'misconfigured',
      ],
      [refusal(401, 'invalid_client'), 'refused exchange-refused client-unknown', 'misconfigured'],
      [
        refusal(400, 'invalid_client', 'Audience not found'),
        'refused exchange-refused audience-unknown',
        'misconfigured',
      ],
      [
        refusal(400, 'unsupported_grant_type'),
        'refused exchange-refused exchange-not-supported',
        'misconfigured',
      ],
      [
        refusal(
          400,
          'invalid_request',
          'Standard token exchange is not enabled for the requested client',
        ),
        'refused exchange-refused exchange-not-enabled',
        'misconfigured',
      ],
      [INVALID_SCOPES, 'refused exchange-refused scope-not-attached', 'misconfigured'],
      [raw(404, 'text/html', ''), 'refused exchange-refused realm-not-found', 'misconfigured'],
    ]
    for (const [answer, words, result] of table) {
      const { endpoint, obtain, subject, results } = await createHarness(t)
      const request = requestFor(await subject())
      endpoint.script(answer)
      t.equal(wordsOf(await obtain(request)), words)
      t.equal(wordsOf(await obtain(request)), words, 'remembered')
      t.equal(endpoint.exchanges.length, 1)
      t.same(results, [result])
    }
  },
)

t.test('outages are not remembered', async (t) => {
  const table: [answer: Answer, words: string][] = [
    [json(503, {}), 'unavailable server-error 1'],
    [json(429, {}), 'unavailable too-many-requests 1'],
    [reset(), 'unavailable connection-error 1'],
    [raw(200, 'text/html', '<html>'), 'unavailable unreadable-answer 1'],
    [raw(302, 'text/html', '', { location: '/x' }), 'unavailable unreadable-answer 1'],
    [raw(400, 'text/html', ''), 'unavailable unreadable-refusal 1'],
    [json(200, { pad: 'x'.repeat(300_000) }), 'unavailable answer-too-large 1'],
  ]
  for (const [answer, words] of table) {
    const { endpoint, obtain, subject, results } = await createHarness(t)
    const request = requestFor(await subject())
    endpoint.script(answer)
    t.equal(wordsOf(await obtain(request)), words)
    t.equal(wordsOf(await obtain(request)), 'issued')
    t.same(results, ['unavailable', 'issued'])
  }
})

t.test('an exchange that stalls ends at its deadline', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t, { timeoutMs: 200 })
  const request = requestFor(await subject())
  endpoint.script(() => {})
  t.equal(wordsOf(await obtain(request)), 'unavailable timeout 1')
})

t.test('the breaker keeps exchanges away, says for how long, and shows it', async (t) => {
  const { endpoint, obtain, subject, clock, breaker } = await createHarness(t)
  const request = requestFor(await subject())
  tokenOf(await obtain(request))
  endpoint.answerAll('token', json(500, {}))
  const other = requestFor(await subject(), ['other'])
  for (let count = 0; count < 5; count += 1) await obtain(other)
  t.equal(wordsOf(await obtain(other)), 'unavailable circuit-open 5')
  t.equal(endpoint.exchanges.length, 6)
  t.same(breaker, ['open'])
  t.equal(wordsOf(await obtain(request)), 'issued', 'what is cached needs no Keycloak')
  endpoint.answerAll('token', undefined)
  clock.advance(5000)
  t.equal(wordsOf(await obtain(other)), 'issued')
  t.same(breaker, ['open', 'closed'])
})

t.test('what the user is not entitled to is an answer of its own, remembered 30 s', async (t) => {
  const { endpoint, obtain, subject, clock } = await createHarness(t)
  const request = requestFor(await subject(), ['llama:read', 'llama:write'])
  endpoint.script(endpoint.issue({ scope: 'llama:read' }))
  const words = 'refused scope-not-granted scope-not-granted'
  t.equal(wordsOf(await obtain(request)), words)
  clock.advance(29_999)
  t.equal(wordsOf(await obtain(request)), words)
  t.equal(endpoint.exchanges.length, 1)
  t.equal(
    wordsOf(await obtain(requestFor(request.subject))),
    'issued',
    'other scopes are asked for',
  )
  clock.advance(1)
  t.equal(wordsOf(await obtain(request)), 'issued')
})

t.test('a token is not accepted from an authorization server that lies', async (t) => {
  const forger = await createSigningKey('first', 'RS256')
  const cases: [what: string, answer: (harness: Harness) => Answer][] = [
    ['another sub', ({ endpoint }) => endpoint.issue({ sub: 'mallory' })],
    ['no sub', ({ endpoint }) => endpoint.issue({ sub: undefined })],
    ['another issuer', ({ endpoint }) => endpoint.issue({ iss: 'https://evil' })],
    ['another audience', ({ endpoint }) => endpoint.issue({ aud: ['other'] })],
    ['expired', ({ endpoint }) => endpoint.issue({ exp: 1 })],
    ['no JWT', ({ endpoint }) => endpoint.issue({}, { access_token: 'opaque' })],
    [
      'a forged signature',
      ({ endpoint }) =>
        async (received, response) => {
          const token = await signWith(forger, { iss: endpoint.issuer, sub: 'alice' })
          await endpoint.issue({}, { access_token: token })(received, response)
        },
    ],
  ]
  for (const [what, answer] of cases) {
    const harness = await createHarness(t)
    const { endpoint, obtain, subject, problems, printed, results } = harness
    const request = requestFor(await subject())
    endpoint.script(answer(harness))
    const words = 'refused exchange-refused issued-token-invalid'
    t.equal(wordsOf(await obtain(request)), words, what)
    t.equal(wordsOf(await obtain(request)), words, 'remembered')
    t.equal(endpoint.exchanges.length, 1)
    t.same(results, ['issued-token-invalid'])
    t.match(problems.list()[0], /was not accepted: .*;/)
    t.match(printed[0], /"level":50,.*issued-token-/)
    t.equal(wordsOf(await obtain(requestFor(request.subject, ['other']))), 'issued')
    t.same(problems.list(), [], 'a sound token resolves it')
  }
})

t.test('a denied extra scope refuses the token, another is tolerated', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t)
  endpoint.script(
    endpoint.issue({ scope: 'llama:read realm:admin' }),
    endpoint.issue({ scope: 'llama:other profile' }),
  )
  const alice = await subject()
  t.equal(wordsOf(await obtain(requestFor(alice))), 'refused exchange-refused denied-extra-scope')
  t.equal(wordsOf(await obtain(requestFor(alice, ['llama:other']))), 'issued')
})

t.test('scopes that cannot be asked for are refused before anything is sent', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t)
  const alice = await subject()
  t.equal(
    wordsOf(await obtain(requestFor(alice, ['x'.repeat(4001)]))),
    'refused exchange-refused scope-too-long',
  )
  t.equal(
    wordsOf(await obtain(requestFor(alice, ['a b']))),
    'refused exchange-refused malformed-scope',
  )
  t.equal(endpoint.exchanges.length, 0)
})

t.test('what is never sent costs no budget', async (t) => {
  const { obtain, subject } = await createHarness(t, { budget: { perMinute: 1, perSecond: 1 } })
  const alice = await subject()
  const unsendable = () => obtain(requestFor(alice, ['x'.repeat(4001)])).then(wordsOf)
  t.equal(await unsendable(), 'refused exchange-refused scope-too-long')
  t.equal(wordsOf(await obtain(requestFor(alice))), 'issued')
  t.equal(await unsendable(), 'refused exchange-refused scope-too-long', 'nor is it for the budget')
})

t.test('a subject token that can never be exchanged is known without any I/O', async (t) => {
  const { endpoint, tokens, obtain, subject, clock } = await createHarness(t)
  const nowS = Math.floor(clock.now() / 1000)
  const table: [claims: Record<string, unknown>, reason: string | undefined][] = [
    [{}, undefined],
    [{ iss: 'https://evil' }, 'foreign-issuer'],
    [{ iss: undefined }, 'foreign-issuer'],
    [{ exp: nowS - 6 }, 'expired'],
    [{ exp: nowS - 4 }, undefined],
    [{ exp: undefined }, 'no-expiry'],
    [{ sub: undefined }, 'no-subject'],
    [{ cnf: { jkt: 'k' } }, 'sender-constrained'],
    [{ pad: 'x'.repeat(15_000) }, 'too-long'],
    [{ pad: 'x'.repeat(15_000), exp: undefined }, 'no-expiry'],
  ]
  for (const [claims, reason] of table) {
    const caller = await subject(claims)
    t.equal(tokens.whyUnusable(caller), reason, JSON.stringify(claims))
    if (reason === undefined) continue
    t.equal(wordsOf(await obtain(requestFor(caller))), `refused subject-token-unusable ${reason}`)
  }
  const opaque = { ...(await subject()), claims: undefined }
  t.equal(tokens.whyUnusable(opaque), 'not-a-jwt')
  t.equal(endpoint.exchanges.length + endpoint.keySetFetches.length, 0)
})

t.test('a forged token costs Keycloak no exchange, and is known from then on', async (t) => {
  const { endpoint, tokens, obtain, subject } = await createHarness(t)
  const genuine = await subject()
  const forged = await subject({ sub: 'root' })
  const [header, payload] = forged.token.expose().split('.')
  const signature = genuine.token.expose().split('.')[2]
  const token = { ...forged.token, expose: () => `${header}.${payload}.${signature}` }
  const forgery = { ...forged, token, digest: 'forged' }
  const words = 'refused subject-token-unusable bad-signature'
  t.equal(tokens.whyUnusable(forgery), undefined)
  t.equal(wordsOf(await obtain(requestFor(forgery))), words)
  t.equal(tokens.whyUnusable(forgery), 'bad-signature')
  t.equal(wordsOf(await obtain(requestFor(forgery, ['other']))), words)
  t.equal(endpoint.exchanges.length, 0)
  t.equal(endpoint.keySetFetches.length, 1)
})

t.test('a dead token is dead for whatever is asked, and keeps its outcome', async (t) => {
  const { endpoint, tokens, obtain, subject, clock } = await createHarness(t)
  const dead = await subject()
  endpoint.script(refusal(400, 'invalid_request', 'Invalid token'))
  const words = 'refused exchange-refused invalid-token'
  t.equal(wordsOf(await obtain(requestFor(dead))), words)
  t.equal(wordsOf(await obtain(requestFor(dead, ['other'], { audience: ['b'] }))), words)
  t.equal(tokens.whyUnusable(dead), undefined, 'else its outcome would change')
  t.equal(wordsOf(await obtain(requestFor(await subject({ sub: 'bob' })))), 'issued')
  clock.advance(30_000)
  t.equal(wordsOf(await obtain(requestFor(dead))), 'issued')
})

t.test(
  'our misconfiguration is logged once with its remedy, and resolved by an exchange',
  async (t) => {
    const { endpoint, obtain, subject, clock, problems, printed } = await createHarness(t)
    endpoint.script(refusal(401, 'unauthorized_client'), refusal(401, 'unauthorized_client'))
    const alice = requestFor(await subject())
    const bob = requestFor(await subject({ sub: 'bob' }), ['other'])
    const words = 'refused exchange-refused client-secret'
    t.equal(wordsOf(await obtain(alice)), words)
    t.equal(wordsOf(await obtain(bob)), words, 'for every caller')
    t.equal(endpoint.exchanges.length, 1)
    t.match(problems.list(), [/refuses the secret of client 'requester'.*KEYCLOAK_CLIENT_SECRET/])
    clock.advance(10_000)
    t.equal(wordsOf(await obtain(alice)), words)
    t.equal(printed.filter((line) => line.includes('"level":50')).length, 1, 'logged once')
    clock.advance(10_000)
    t.equal(wordsOf(await obtain(alice)), 'issued')
    t.same(problems.list(), [])
  },
)

t.test('a new secret counts at once', async (t) => {
  const { endpoint, tokens, obtain, subject } = await createHarness(t)
  const request = requestFor(await subject())
  endpoint.script(refusal(401, 'unauthorized_client'))
  await obtain(request)
  tokens.forgetMisconfiguration()
  t.equal(wordsOf(await obtain(request)), 'issued')
})

t.test('a scope that our client does not have stops nobody who needs another', async (t) => {
  const { endpoint, obtain, subject, problems, clock } = await createHarness(t)
  const alice = await subject({ scope: 'openid' })
  endpoint.script(INVALID_SCOPES, INVALID_SCOPES)
  const words = 'refused exchange-refused scope-not-attached'
  t.equal(wordsOf(await obtain(requestFor(alice))), words)
  t.equal(endpoint.exchanges.length, 2, 'with the held scopes, then without')
  t.match(problems.list(), [/the scopes 'llama:read' to client 'requester': attach/])
  t.equal(wordsOf(await obtain(requestFor(await subject({ sub: 'bob' })))), words)
  t.same(tokenOf(await obtain(requestFor(alice, ['other']))).scopes, ['openid', 'other'])
  t.equal(problems.list().length, 1, 'and it stays a problem')
  clock.advance(10_000)
  t.equal(wordsOf(await obtain(requestFor(alice))), 'issued')
  t.same(problems.list(), [])
})

t.test('a key set that is not there is our fault, one that cannot be had an outage', async (t) => {
  const { endpoint, tokens, obtain, subject, problems } = await createHarness(t)
  const request = requestFor(await subject())
  endpoint.answerAll('jwks', json(503, {}))
  t.equal(wordsOf(await obtain(request)), 'unavailable no-key-set 1')
  endpoint.answerAll('jwks', raw(404, 'text/html', ''))
  t.equal(wordsOf(await obtain(request)), 'refused exchange-refused realm-not-found')
  t.match(problems.list(), [/no realm behind .*KEYCLOAK_REALM/])
  endpoint.answerAll('jwks', undefined)
  tokens.forgetMisconfiguration()
  t.equal(wordsOf(await obtain(request)), 'issued')
  t.equal(endpoint.exchanges.length, 1)
})

t.test('the budget of a subject is spent by its exchanges, not by its requests', async (t) => {
  const { endpoint, obtain, subject, clock } = await createHarness(t, {
    budget: { perMinute: 2, perSecond: 0 },
  })
  const alice = await subject()
  const ask = async (scope: string) => wordsOf(await obtain(requestFor(alice, [scope])))
  t.same([await ask('a'), await ask('a'), await ask('b')], ['issued', 'issued', 'issued'])
  t.equal(await ask('c'), 'refused exchange-refused budget')
  t.equal(wordsOf(await obtain(requestFor(await subject({ sub: 'bob' })))), 'issued')
  t.equal(endpoint.exchanges.length, 3)
  clock.advance(60_000)
  t.equal(await ask('c'), 'issued', 'it was not remembered as refused')
})

t.test('an exchange that is sent twice costs its subject two', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t, {
    budget: { perMinute: 5, perSecond: 0 },
  })
  endpoint.answerAll('token', INVALID_SCOPES)
  const alice = await subject({ scope: 'openid' })
  const words: string[] = []
  for (let i = 0; i < 8; i += 1)
    words.push(wordsOf(await obtain(requestFor(alice, [`made-up-${i}`]))))
  const notAttached = 'refused exchange-refused scope-not-attached'
  const spent = 'refused exchange-refused budget'
  t.same(words, [notAttached, notAttached, ...Array.from({ length: 6 }, () => spent)])
  t.equal(endpoint.exchanges.length, 5)
})

t.test('what nobody has foreseen is an outage, logged without its message', async (t) => {
  const { obtain, subject, printed } = await createHarness(t, {
    authentication: () => {
      throw new TypeError('secret-in-a-message')
    },
  })
  const results: ExchangeResult[] = [await obtain(requestFor(await subject()))]
  t.same(results.map(wordsOf), ['unavailable internal-error 1'])
  t.match(printed.join(''), /TypeError/)
  t.notOk(printed.join('').includes('secret-in-a-message'))
})
