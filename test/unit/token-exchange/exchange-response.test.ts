import fc from 'fast-check'
import t from 'tap'
import type { ExchangeAnswer } from '../../../src/token-exchange/exchange-response.ts'
import { parseExchangeResponse } from '../../../src/token-exchange/exchange-response.ts'

function parse(status: number, body: unknown, contentType = 'application/json'): ExchangeAnswer {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  return parseExchangeResponse({ status, contentType, body: bytes })
}

function describe(answer: ExchangeAnswer): string {
  if ('reason' in answer) return `${answer.kind} ${answer.reason}`
  return 'fault' in answer ? `${answer.kind} ${answer.fault}` : answer.kind
}

const ISSUED = { access_token: 'a.b.c', token_type: 'Bearer', expires_in: 60, scope: 'y x' }

t.test('each answer of Keycloak means what its table says', async (t) => {
  const table: [status: number, error: string, description: string, meaning: string][] = [
    [400, 'invalid_request', 'Invalid token', 'dead-token invalid-token'],
    [
      400,
      'invalid_request',
      'Parameter subject_token longer than allowed',
      'dead-token subject-token-too-long',
    ],
    [
      403,
      'access_denied',
      'Client is not within the token audience',
      'dead-token not-for-our-client',
    ],
    [400, 'invalid_scope', 'Missing consents for scopes x', 'refused-for-user consent-missing'],
    [
      400,
      'invalid_request',
      'Requested audience not available: llama',
      'refused-for-user audience-not-available',
    ],
    [400, 'invalid_scope', 'Invalid scopes: x y', 'invalid-scopes'],
    [
      401,
      'unauthorized_client',
      'Invalid client or Invalid client credentials',
      'misconfigured client-secret',
    ],
    [401, 'invalid_client', '', 'misconfigured client-unknown'],
    [401, '', '', 'misconfigured client-unknown'],
    [400, 'invalid_client', 'Audience not found', 'misconfigured audience-unknown'],
    [
      400,
      'invalid_client',
      'Parameter client_assertion_type is missing',
      'misconfigured client-authentication',
    ],
    [400, 'unauthorized_client', '', 'misconfigured client-authentication'],
    [400, 'unsupported_grant_type', '', 'misconfigured exchange-not-supported'],
    [
      400,
      'invalid_request',
      'Standard token exchange is not enabled for the requested client',
      'misconfigured exchange-not-enabled',
    ],
    [404, 'Realm does not exist', '', 'misconfigured realm-not-found'],
    [403, 'access_denied', 'Realm not enabled', 'misconfigured realm-disabled'],
    [500, 'unknown_error', '', 'unavailable server-error'],
    [503, '', '', 'unavailable server-error'],
    [429, '', '', 'unavailable too-many-requests'],
    // Not foreseen: against this request alone, never against our client.
    [400, 'invalid_request', 'Something new', 'refused-for-user unexpected-refusal'],
    [400, 'invalid_scope', 'Something new', 'refused-for-user unexpected-refusal'],
    [400, 'invalid_target', '', 'refused-for-user unexpected-refusal'],
    [403, 'something_else', '', 'refused-for-user unexpected-refusal'],
    [409, 'invalid_request', 'Invalid token', 'refused-for-user unexpected-refusal'],
  ]
  for (const [status, error, description, meaning] of table) {
    const answer = parse(status, { error, error_description: description })
    t.equal(describe(answer), meaning, `${status} ${error} ${description}`)
  }
})

t.test('a description is not needed, and does not matter where it is no text', async (t) => {
  t.equal(describe(parse(400, { error: 'invalid_scope' })), 'refused-for-user unexpected-refusal')
  t.equal(
    describe(parse(400, { error: 'invalid_request', error_description: ['Invalid token'] })),
    'refused-for-user unexpected-refusal',
  )
})

t.test('status decides where the body is no JSON object with an error', async (t) => {
  for (const body of ['<html>', '', '[]', '"x"', '{}', '{"error":7}', '{"error":']) {
    t.equal(describe(parse(400, body)), 'unavailable unreadable-refusal', `400 ${body}`)
    t.equal(describe(parse(403, body)), 'unavailable unreadable-refusal', `403 ${body}`)
    t.equal(describe(parse(401, body)), 'misconfigured client-unknown', `401 ${body}`)
    t.equal(describe(parse(404, body)), 'misconfigured realm-not-found', `404 ${body}`)
    t.equal(describe(parse(502, body)), 'unavailable server-error', `502 ${body}`)
    t.equal(describe(parse(200, body)), 'unavailable unreadable-answer', `200 ${body}`)
  }
})

t.test('redirects and other successes are unreadable', async (t) => {
  for (const status of [201, 204, 301, 302, 307, 308]) {
    t.equal(describe(parse(status, ISSUED)), 'unavailable unreadable-answer', `${status}`)
  }
})

t.test('only application/json is read', async (t) => {
  const table: [contentType: string, kind: string][] = [
    ['application/json', 'issued'],
    ['Application/JSON; charset=utf-8', 'issued'],
    ['application/json ;x=y', 'issued'],
    ['application/json-seq', 'unavailable'],
    ['text/html', 'unavailable'],
    ['text/plain; application/json', 'unavailable'],
    ['', 'unavailable'],
  ]
  for (const [type, kind] of table) t.equal(parse(200, ISSUED, type).kind, kind, type)
})

t.test('an issued token is read with its scopes and its lifetime', async (t) => {
  const answer = parse(200, ISSUED)
  if (answer.kind !== 'issued') throw new Error(answer.kind)
  t.equal(answer.accessToken.expose(), 'a.b.c')
  t.equal(answer.expiresInS, 60)
  t.same([...answer.scopes], ['y', 'x'])
  t.notOk(JSON.stringify(answer).includes('a.b.c'))
})

t.test('what an issued answer leaves out is not made up', async (t) => {
  for (const scope of [undefined, '', 7, ['x']]) {
    const answer = parse(200, { ...ISSUED, scope })
    t.equal(answer.kind === 'issued' && answer.scopes.size, 0, JSON.stringify(scope))
  }
  for (const lifetime of [undefined, '60', null]) {
    const answer = parse(200, { ...ISSUED, expires_in: lifetime })
    t.equal(answer.kind === 'issued' && answer.expiresInS, undefined, JSON.stringify(lifetime))
  }
  t.equal(parse(200, { ...ISSUED, token_type: 'bearer' }).kind, 'issued')
})

t.test('an answer without a bearer token is unreadable', async (t) => {
  const bodies = [
    { ...ISSUED, access_token: undefined },
    { ...ISSUED, access_token: '' },
    { ...ISSUED, access_token: 7 },
    { ...ISSUED, access_token: 'a b' },
    { ...ISSUED, access_token: 'a\r\nx: y' },
    { ...ISSUED, token_type: 'DPoP' },
    { ...ISSUED, token_type: undefined },
  ]
  for (const body of bodies) {
    t.equal(describe(parse(200, body)), 'unavailable unreadable-answer', JSON.stringify(body))
  }
})

t.test('no bytes make the parser throw', async () => {
  const anyBody = fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from))
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), fc.string(), anyBody, (status, type, bytes) => {
      const body = Buffer.from(bytes)
      parseExchangeResponse({ status, contentType: 'application/json', body })
      parseExchangeResponse({ status, contentType: type, body })
    }),
  )
})
