import t from 'tap'
import { Agent } from 'undici'
import { createSecret } from '../../../src/secret.ts'
import type { SubjectToken } from '../../../src/subject-token.ts'
import { createCircuitBreaker } from '../../../src/token-exchange/circuit-breaker.ts'
import { createRealmKeys } from '../../../src/token-exchange/realm-keys.ts'
import { createTokenVerifier } from '../../../src/token-exchange/token-verifier.ts'
import {
  createSigningKey,
  json,
  raw,
  reset,
  signWith,
  startTokenEndpoint,
} from '../../support/token-endpoint.ts'
import { createClock } from './exchange-harness.ts'

const first = createSigningKey('first', 'RS256')
const second = createSigningKey('second', 'ES256')
const staying = () => new AbortController().signal

async function createSubject(t: { teardown(end: () => Promise<unknown>): void }, timeoutMs = 5000) {
  const clock = createClock()
  const endpoint = await startTokenEndpoint(await first)
  const dispatcher = new Agent()
  t.teardown(() => dispatcher.destroy())
  t.teardown(() => endpoint.close())
  const { monotonicNow } = clock
  const breaker = createCircuitBreaker({ monotonicNow, onChange: () => {} })
  const { jwksUri } = endpoint
  const keys = createRealmKeys({ jwksUri, dispatcher, timeoutMs, breaker, monotonicNow })
  const verifier = createTokenVerifier({ keys, maxEntries: 100 })
  const verify = async (token: string, signal = staying()) => {
    const { kind, ...rest } = await verifier.verifySubject(subjectOf(token), signal)
    return 'reason' in rest ? `${kind} ${rest.reason}` : kind
  }
  return { clock, endpoint, verifier, verify }
}

function subjectOf(token: string): SubjectToken {
  return { token: createSecret(token), digest: token, claims: undefined }
}

t.test('a signature of the realm is good, checked with one fetch for all', async (t) => {
  const { endpoint, verify } = await createSubject(t)
  const tokens = await Promise.all(Array.from({ length: 20 }, (_, n) => endpoint.sign({ n })))
  const kinds = await Promise.all(tokens.map((token) => verify(token)))
  t.same(new Set(kinds), new Set(['good']))
  t.equal(endpoint.keySetFetches.length, 1)
  t.equal(endpoint.keySetFetches[0]?.headers['cache-control'], 'no-cache')
  t.equal(endpoint.keySetFetches[0]?.headers.origin, undefined)
})

t.test('ES256 is good as well', async (t) => {
  const { endpoint, verify } = await createSubject(t)
  endpoint.rotate(await second)
  t.equal(await verify(await endpoint.sign({ sub: 'a' })), 'good')
})

t.test('a forged token is found out, and known from then on', async (t) => {
  const { endpoint, verifier, verify } = await createSubject(t)
  const forger = await createSigningKey('first', 'RS256')
  const forged = await signWith(forger, { sub: 'alice' })
  t.equal(verifier.isForged(subjectOf(forged)), false)
  t.equal(await verify(forged), 'bad-signature')
  t.equal(verifier.isForged(subjectOf(forged)), true)
  endpoint.answerAll('jwks', reset())
  t.equal(await verify(forged), 'bad-signature')
  const good = await endpoint.sign({ sub: 'a' })
  const [header, , signature] = good.split('.')
  const payload = Buffer.from('{"sub":"root"}').toString('base64url')
  t.equal(await verify(`${header}.${payload}.${signature}`), 'bad-signature')
})

t.test('unsigned and symmetric algorithms cost no fetch at all', async (t) => {
  const { endpoint, verify } = await createSubject(t)
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  for (const alg of ['none', 'HS256', 'HS512', 'dir', 'RSA-OAEP', '', 7]) {
    const token = `${encode({ alg, kid: 'first' })}.${encode({ sub: 'a' })}.c2ln`
    t.equal(await verify(token), 'bad-signature', `${alg}`)
  }
  t.equal(await verify('no.jwt.here'), 'bad-signature')
  t.equal(endpoint.keySetFetches.length, 0)
})

t.test('an unknown kid fetches again, at most every 30 s', async (t) => {
  const { clock, endpoint, verify } = await createSubject(t)
  t.equal(await verify(await endpoint.sign({})), 'good')
  const foreign = await createSigningKey('invented', 'RS256')
  t.equal(await verify(await signWith(foreign, { n: 1 })), 'unknown-key')
  t.equal(endpoint.keySetFetches.length, 2)

  endpoint.rotate(await second)
  const rotated = await endpoint.sign({ sub: 'a' })
  t.equal(await verify(rotated), 'unknown-key')
  t.equal(await verify(await signWith(foreign, { n: 2 })), 'unknown-key')
  t.equal(endpoint.keySetFetches.length, 2)

  clock.advance(30_000)
  t.equal(await verify(rotated), 'good', 'it was not remembered as bad')
  t.equal(endpoint.keySetFetches.length, 3)
})

t.test('invented key ids of subject tokens do not hide a rotation from issued ones', async (t) => {
  const { endpoint, verifier, verify } = await createSubject(t)
  await verify(await endpoint.sign({}))
  await verify(await signWith(await createSigningKey('invented', 'RS256'), {}))
  endpoint.rotate(await second)
  const issued = await endpoint.sign({ sub: 'a' })
  t.same(await verifier.verifyIssued(issued, staying()), { kind: 'good' })
  t.same(await verify(issued), 'good', 'and the new key is known to all')
})

t.test('all who need the new key of a rotation wait for the one fetch', async (t) => {
  const { endpoint, verifier, verify } = await createSubject(t)
  await verify(await endpoint.sign({}))
  endpoint.rotate(await second)
  const tokens = await Promise.all(Array.from({ length: 8 }, (_, n) => endpoint.sign({ n })))
  const subjects = tokens.slice(0, 4).map((token) => verify(token))
  const issued = tokens.slice(4).map(async (token) => {
    return (await verifier.verifyIssued(token, staying())).kind
  })
  t.same(new Set(await Promise.all([...subjects, ...issued])), new Set(['good']))
  t.equal(endpoint.keySetFetches.length, 2)
})

t.test('one who leaves the wait for a key set changes nothing for the others', async (t) => {
  const { clock, endpoint, verify } = await createSubject(t)
  await verify(await endpoint.sign({}))
  const foreign = await createSigningKey('invented', 'RS256')
  const leaving = new AbortController()
  const left = verify(await signWith(foreign, { n: 1 }), leaving.signal)
  leaving.abort()
  t.equal(await left, 'unavailable abandoned')
  t.equal(await verify(await signWith(foreign, { n: 2 })), 'unknown-key')
  clock.advance(1_000)
  t.equal(await verify(await signWith(foreign, { n: 3 })), 'unknown-key')
  t.equal(endpoint.keySetFetches.length, 2)
})

t.test('a key set that could not be fetched again is asked for after 5 s, not 30', async (t) => {
  const { clock, endpoint, verify } = await createSubject(t)
  await verify(await endpoint.sign({}))
  endpoint.rotate(await second)
  const rotated = await endpoint.sign({ sub: 'a' })
  endpoint.answerAll('jwks', json(500, {}))
  t.equal(await verify(rotated), 'unavailable no-key-set')
  t.equal(await verify(rotated), 'unavailable no-key-set', 'it is known to have failed')
  t.equal(endpoint.keySetFetches.length, 2)
  endpoint.answerAll('jwks', undefined)
  clock.advance(5_000)
  t.equal(await verify(rotated), 'good')
})

t.test('a key set that cannot be had is told apart from a realm that is not there', async (t) => {
  const table: [what: string, answer: Parameters<typeof endpoint.answerAll>[1], kind: string][] = []
  const { endpoint } = await createSubject(t)
  table.push(
    ['404', raw(404, 'application/json', '{}'), 'realm-not-found'],
    ['500', json(500, {}), 'unavailable no-key-set'],
    ['redirect', raw(302, 'text/html', '', { location: '/elsewhere' }), 'unavailable no-key-set'],
    ['html', raw(200, 'text/html', '{"keys":[]}'), 'unavailable no-key-set'],
    ['no keys', json(200, {}), 'unavailable no-key-set'],
    ['broken keys', json(200, { keys: [1] }), 'unavailable no-key-set'],
    ['an array', json(200, []), 'unavailable no-key-set'],
    ['reset', reset(), 'unavailable connection-error'],
    ['too big', json(200, { keys: [], pad: 'x'.repeat(300_000) }), 'unavailable answer-too-large'],
  )
  for (const [what, answer, kind] of table) {
    const subject = await createSubject(t)
    subject.endpoint.answerAll('jwks', answer)
    t.equal(await subject.verify(await subject.endpoint.sign({})), kind, what)
    subject.endpoint.answerAll('jwks', undefined)
    t.equal(await subject.verify(await subject.endpoint.sign({})), 'good', `${what} heals`)
  }
})

t.test('a fetch that stalls ends at its deadline', async (t) => {
  const { endpoint, verify } = await createSubject(t, 50)
  endpoint.answerAll('jwks', () => {})
  t.equal(await verify(await endpoint.sign({})), 'unavailable timeout')
})

t.test('a waiter who leaves does not end the fetch that others wait for', async (t) => {
  const { endpoint, verify } = await createSubject(t)
  const leaving = new AbortController()
  endpoint.answerAll('jwks', (received, response) => {
    leaving.abort()
    endpoint.answerAll('jwks', undefined)
    return json(200, { keys: [] })(received, response)
  })
  const token = await endpoint.sign({})
  const results = await Promise.all([verify(token, leaving.signal), verify(token)])
  t.same(results, ['unavailable abandoned', 'unavailable no-key-set'])
  t.equal(endpoint.keySetFetches.length, 1)
})

t.test('while a second fetch fails, an unknown key is an outage and not a forgery', async (t) => {
  const { endpoint, verify } = await createSubject(t)
  await verify(await endpoint.sign({}))
  endpoint.rotate(await second)
  endpoint.answerAll('jwks', json(503, {}))
  const token = await endpoint.sign({})
  t.equal(await verify(token), 'unavailable no-key-set')
  t.equal(await verify(token), 'unavailable no-key-set')
  t.equal(endpoint.keySetFetches.length, 2, 'and it is not asked for each time')
})
