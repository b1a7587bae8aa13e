import fc from 'fast-check'
import { decodeJwt } from 'jose'
import t from 'tap'
import type { ExchangeRequest } from '../../../src/step-up/issued-tokens.ts'
import type { SubjectToken } from '../../../src/subject-token.ts'
import type { Answer } from '../../support/token-endpoint.ts'
import { createSigningKey, json, reset } from '../../support/token-endpoint.ts'
import { createHarness, requestFor, SECRET, tokenOf, wordsOf } from './exchange-harness.ts'

const staying = () => new AbortController().signal

t.test('a subject token is exchanged for one that holds what is needed', async (t) => {
  const { endpoint, obtain, subject, results, clock } = await createHarness(t)
  const alice = await subject({ scope: 'openid root:admin' })
  const token = tokenOf(await obtain(requestFor(alice, ['llama:read'])))
  const claims = decodeJwt(token.accessToken.expose())
  t.equal(claims.sub, 'alice')
  t.same(token.scopes, ['llama:read', 'openid'])
  t.equal(token.jti, claims.jti)
  t.equal(token.sid, 'session-1')
  t.equal(token.expiresAt, alice.claims?.exp)
  t.ok(token.expiresAt * 1000 > clock.now())
  const [sent] = endpoint.exchanges
  t.equal(sent?.form.get('subject_token'), alice.token.expose())
  t.equal(sent?.form.get('scope'), 'llama:read openid', 'held scopes too, less the denied')
  t.same(sent?.form.getAll('audience'), ['llama'])
  t.same(results, ['issued'])
})

t.test('a scope that looks like a parameter reaches Keycloak as one scope', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t)
  const request = requestFor(await subject(), ['x&audience=evil'])
  tokenOf(await obtain(request))
  const [sent] = endpoint.exchanges
  t.equal(sent?.form.get('scope'), 'x&audience=evil')
  t.same(sent?.form.getAll('audience'), ['llama'])
  t.match(sent?.body, /scope=x%26audience%3Devil/)
})

t.test('200 at once cost one exchange and one key set', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t)
  const request = requestFor(await subject())
  const results = await Promise.all(Array.from({ length: 200 }, () => obtain(request)))
  t.equal(new Set(results.map((result) => tokenOf(result))).size, 1)
  t.equal(endpoint.exchanges.length, 1)
  t.equal(endpoint.keySetFetches.length, 1)
})

t.test('the cache answers without a promise until the token is stale', async (t) => {
  const { endpoint, tokens, obtain, subject, clock } = await createHarness(t)
  const request = requestFor(await subject({ exp: Math.floor(clock.now() / 1000) + 3000 }))
  t.equal(tokens.peek(request), undefined)
  const token = tokenOf(await obtain(request))
  clock.advance(260_000)
  t.equal(tokens.peek(request), token)
  t.equal(tokenOf(await obtain(request)), token)
  clock.advance(10_000)
  t.equal(tokens.peek(request), undefined)
  t.notOk(tokenOf(await obtain(request)) === token)
  t.equal(endpoint.exchanges.length, 2)
})

t.test('a lifetime that the answer exaggerates or leaves out is read from the token', async (t) => {
  for (const answer of [{ expires_in: 86_400 }, { expires_in: undefined }]) {
    const { endpoint, tokens, obtain, subject, clock } = await createHarness(t)
    const exp = Math.floor(clock.now() / 1000) + 100
    endpoint.script(endpoint.issue({ exp }, answer))
    const request = requestFor(await subject())
    tokenOf(await obtain(request))
    clock.advance(68_000)
    t.ok(tokens.peek(request))
    clock.advance(3_000)
    t.equal(tokens.peek(request), undefined)
  }
})

t.test('a token accepted for the operator is not served to an upstream', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t)
  endpoint.answerAll('token', endpoint.issue({ aud: ['neighbour'] }))
  const unpinned = { audience: [] }
  const alice = await subject()
  t.equal(wordsOf(await obtain(requestFor(alice, ['x'], unpinned))), 'issued')
  t.equal(
    wordsOf(await obtain(requestFor(alice, ['x'], { ...unpinned, namedBy: 'upstream' }))),
    'refused exchange-refused new-audience',
  )
})

t.test('a waiter who leaves gets its answer at once; the others get the token', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t)
  const leaving = new AbortController()
  endpoint.script(async (received, response) => {
    leaving.abort()
    await endpoint.issue()(received, response)
  })
  const request = requestFor(await subject())
  const left = obtain(request, leaving.signal)
  const stayed = obtain(request)
  t.equal(wordsOf(await left), 'unavailable abandoned 1')
  t.equal(wordsOf(await stayed), 'issued')
  t.equal(endpoint.exchanges.length, 1)
})

t.test('when the last waiter leaves, the exchange is given up', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t)
  const leaving = new AbortController()
  const closed = new Promise<void>((resolve) => {
    endpoint.script((_received, response) => {
      response.on('close', resolve)
      leaving.abort()
    })
  })
  const request = requestFor(await subject())
  t.equal(wordsOf(await obtain(request, leaving.signal)), 'unavailable abandoned 1')
  await closed
  t.equal(wordsOf(await obtain(request)), 'issued', 'and the next begins anew')
  t.equal(
    wordsOf(await obtain(requestFor(await subject(), ['new']), AbortSignal.abort())),
    'unavailable abandoned 1',
  )
  t.equal(endpoint.exchanges.length, 2)
})

t.test('100 late refusals of one token exchange it anew once', async (t) => {
  const { endpoint, tokens, obtain, subject } = await createHarness(t)
  const request = requestFor(await subject())
  const used = tokenOf(await obtain(request))
  const reissued = await Promise.all(
    Array.from({ length: 100 }, () => tokens.reissue(request, used, staying())),
  )
  const fresh = tokens.peek(request)
  t.notOk(fresh === used)
  t.same(new Set(reissued.map(tokenOf)), new Set([fresh]))
  t.equal(endpoint.exchanges.length, 2)
  t.equal(tokenOf(await tokens.reissue(request, used, staying())), fresh, 'the newer one is taken')
  t.equal(endpoint.exchanges.length, 2)
})

t.test('a token is reissued at most once in 30 s, and kept meanwhile', async (t) => {
  const { endpoint, tokens, obtain, subject, clock } = await createHarness(t)
  const request = requestFor(await subject())
  const first = tokenOf(await obtain(request))
  const second = tokenOf(await tokens.reissue(request, first, staying()))
  t.equal(
    wordsOf(await tokens.reissue(request, second, staying())),
    'refused exchange-refused reissued-lately',
  )
  t.equal(tokens.peek(request), second, 'else each request would cost an exchange')
  clock.advance(30_000)
  t.equal(wordsOf(await tokens.reissue(request, second, staying())), 'issued')
  t.equal(endpoint.exchanges.length, 3)
})

t.test(
  'a reissue does not join an exchange begun before it, whose token is not kept',
  async (t) => {
    const { endpoint, tokens, obtain, subject, clock } = await createHarness(t)
    const request = requestFor(await subject({ exp: Math.floor(clock.now() / 1000) + 3000 }))
    const used = tokenOf(await obtain(request))
    clock.advance(280_000)
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow: Answer = async (received, response) => {
      await held
      await endpoint.issue({ jti: 'slow' })(received, response)
    }
    endpoint.script(slow, endpoint.issue({ jti: 'reissued' }))
    const early = obtain(request)
    const reissued = tokenOf(await tokens.reissue(request, used, staying()))
    t.equal(reissued.jti, 'reissued')
    release()
    t.equal(tokenOf(await early).jti, 'slow')
    t.equal(tokens.peek(request), reissued)
  },
)

t.test('a reissue that Keycloak does not answer leaves no token behind', async (t) => {
  const { endpoint, tokens, obtain, subject } = await createHarness(t)
  const request = requestFor(await subject())
  const used = tokenOf(await obtain(request))
  endpoint.script(reset())
  t.equal(wordsOf(await tokens.reissue(request, used, staying())), 'unavailable connection-error 1')
  t.equal(tokens.peek(request), undefined)
  t.equal(wordsOf(await obtain(request)), 'issued')
})

t.test('after a rotation of the realm’s keys, issued tokens are good at once', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t)
  const request = requestFor(await subject())
  tokenOf(await obtain(request))
  endpoint.rotate(await createSigningKey('second', 'ES256'))
  tokenOf(await obtain(requestFor(await subject(), ['other'])))
  t.equal(endpoint.keySetFetches.length, 2)
})

t.test('an issued token whose key cannot be had is an outage, not a lie', async (t) => {
  const { endpoint, obtain, subject, problems } = await createHarness(t)
  const alice = await subject()
  tokenOf(await obtain(requestFor(alice)))
  endpoint.rotate(await createSigningKey('second', 'ES256'))
  endpoint.answerAll('jwks', reset())
  const request = requestFor(alice, ['other'])
  t.equal(wordsOf(await obtain(request)), 'unavailable connection-error 1')
  t.same(problems.list(), [])
})

t.test('where a held scope refuses the set, the needed one is asked for alone', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t)
  const invalid = json(400, {
    error: 'invalid_scope',
    error_description: 'Invalid scopes: foreign llama:read',
  })
  endpoint.script(invalid)
  const alice = await subject({ scope: 'foreign' })
  t.same(tokenOf(await obtain(requestFor(alice))).scopes, ['llama:read'])
  tokenOf(await obtain(requestFor(alice, ['other'])))
  t.same(
    endpoint.exchanges.map(({ form }) => form.get('scope')),
    ['foreign llama:read', 'llama:read', 'other'],
  )
})

t.test('an exchange for the audience alone asks for no scope', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t)
  t.equal(wordsOf(await obtain(requestFor(await subject(), []))), 'issued')
  t.equal(endpoint.exchanges[0]?.form.has('scope'), false)
})

t.test('in any order and in parallel, each caller gets its own token', async (t) => {
  const { endpoint, obtain, subject } = await createHarness(t)
  const callers: readonly SubjectToken[] = await Promise.all([
    subject({ sub: 'alice' }),
    subject({ sub: 'bob' }),
    subject({ sub: 'alice', sid: 'other' }),
  ])
  const wanted = fc.record({
    caller: fc.constantFrom(...callers),
    audience: fc.subarray(['a', 'b'], { minLength: 1 }),
    scopes: fc.subarray(['x', 'y']),
  })
  const isOwn = async ({ subject: caller, audience, scopes }: ExchangeRequest) => {
    const token = tokenOf(await obtain({ subject: caller, audience, scopes, namedBy: 'operator' }))
    const claims = decodeJwt(token.accessToken.expose())
    const granted = JSON.stringify([claims.sub, [claims.aud].flat(), token.scopes])
    return granted === JSON.stringify([caller.claims?.sub, audience, scopes])
  }
  await fc.assert(
    fc.asyncProperty(fc.array(wanted, { maxLength: 20 }), async (requests) => {
      const verdicts = await Promise.all(
        requests.map(({ caller, ...rest }) =>
          isOwn({ subject: caller, ...rest, namedBy: 'operator' }),
        ),
      )
      return verdicts.every(Boolean)
    }),
    { numRuns: 30 },
  )
  t.ok(endpoint.exchanges.length <= 3 * 3 * 4, 'one exchange for each that differs')
})

t.test('nothing that is printed holds a token or the secret', async (t) => {
  const { endpoint, tokens, obtain, subject, printed, problems, results } = await createHarness(t)
  const alice = await subject()
  endpoint.script(
    json(401, { error: 'unauthorized_client', error_description: alice.token.expose() }),
    endpoint.issue({ sub: 'mallory' }),
    reset(),
  )
  const shown: unknown[] = [printed]
  for (const scope of ['a', 'b', 'c', 'd']) {
    shown.push(await obtain(requestFor(alice, [scope])), problems.list())
    tokens.forgetMisconfiguration()
  }
  t.same(results, ['misconfigured', 'issued-token-invalid', 'unavailable', 'issued'])
  t.ok(printed.length > 0)
  const text = JSON.stringify(shown)
  for (const secret of ['eyJ', SECRET, encodeURIComponent(SECRET)]) t.notOk(text.includes(secret))
})
