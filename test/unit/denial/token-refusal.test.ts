import t from 'tap'
import { isTokenRefusal } from '../../../src/denial/token-refusal.ts'
import type { Denial } from './denial-of.ts'
import { challenged, rawHeaders, withJson } from './denial-of.ts'

const OAUTH = { error: 'invalid_token' }
const SENTENCE = 'Invalid JWT token'

function withBoth(challenge: string, value: unknown): Denial {
  return withJson(401, value, 'application/json', { 'WWW-Authenticate': challenge })
}

const REFUSALS: Readonly<Record<string, Denial>> = {
  'a Bearer challenge': challenged(401, 'Bearer realm="x", error="invalid_token"'),
  'a Bearer challenge among others': challenged(
    401,
    'Basic realm="x"',
    'DPoP error="invalid_token", bearer error=invalid_token',
  ),
  'a challenge, whatever the body': withBoth('Bearer error="invalid_token"', { error: 'x' }),
  'an OAuth error in JSON': withJson(401, { ...OAUTH, error_description: 'expired' }),
  'an OAuth error in JSON beside a challenge without a code': withBoth('Bearer realm="x"', OAUTH),
  'an OAuth error in JSON beside a header that does not parse': withBoth(
    'Bearer error="invalid_token", error_description="bad "quotes""',
    OAUTH,
  ),
  "Llama Stack's sentence": withJson(401, { error: { message: SENTENCE } }),
  "Llama Stack's sentence as detail": withJson(401, { error: { detail: SENTENCE } }),
  "Llama Stack's sentence as both": withJson(401, {
    error: { detail: SENTENCE, message: SENTENCE },
  }),
  "Llama Stack's sentence with a type": withJson(401, { error: { message: SENTENCE, type: 'x' } }),
}

for (const [what, { status, headers, body }] of Object.entries(REFUSALS)) {
  t.test(`${what} refuses the token itself`, async (t) => {
    t.equal(isTokenRefusal(status, headers, body), true)
    t.equal(isTokenRefusal(403, headers, body), false, 'but not in a 403')
    t.equal(isTokenRefusal(400, headers, body), false, 'nor in a 400')
    t.equal(isTokenRefusal(200, headers, body), false, 'nor in a 200')
  })
}

const OTHERS: Readonly<Record<string, Denial>> = {
  'nothing at all': challenged(401),
  'a challenge without a code': challenged(401, 'Bearer realm="invalid_token"'),
  'a missing scope': challenged(401, 'Bearer error="insufficient_scope"'),
  'another case of the code': challenged(401, 'Bearer error="Invalid_Token"'),
  'a DPoP challenge': challenged(401, 'DPoP error="invalid_token"'),
  'another scheme': challenged(401, 'BearerX error="invalid_token"'),
  'a code that stands twice': challenged(
    401,
    'Bearer error="invalid_token", error="invalid_token"',
  ),
  'a header that does not parse': challenged(401, 'Bearer error="invalid_token'),
  'another header': {
    status: 401,
    headers: rawHeaders({ 'Proxy-Authenticate': 'Bearer error="invalid_token"' }),
    body: new Uint8Array(),
  },
  'a body that the header outranks': withBoth('Bearer error="insufficient_scope"', OAUTH),
  'a nested OAuth error': withJson(401, { error: OAUTH }),
  'an OAuth error as a problem': withJson(401, OAUTH, 'application/problem+json'),
  'an OAuth error as text': withJson(401, OAUTH, 'text/plain'),
  'an OAuth error in an encoded body': withJson(401, OAUTH, 'application/json', {
    'Content-Encoding': 'br',
  }),
  'an OAuth error in an array': withJson(401, [OAUTH]),
  'an OAuth error in a body over 64 KiB': withJson(401, { ...OAUTH, x: 'x'.repeat(65_536) }),
  'a relayed denial': withJson(401, {
    error: { message: "Error code: 401 - {'error': {'message': 'Invalid JWT token'}}" },
  }),
  'an MCP server that refuses another token': withJson(401, {
    error: { message: "Client error '401 Unauthorized' for url 'https://mcp.example/mcp'" },
  }),
  'the sentence with more': withJson(401, { error: { message: `${SENTENCE}.` } }),
  'the sentence with a newline': withJson(401, { error: { message: `${SENTENCE}\n` } }),
  'the sentence in another case': withJson(401, { error: { message: 'invalid JWT token' } }),
  'the sentence beside another': withJson(401, { error: { message: SENTENCE, detail: 'x' } }),
  'the sentence as error': withJson(401, { error: SENTENCE }),
  'the sentence at the top': withJson(401, { message: SENTENCE, detail: SENTENCE }),
  'the sentence in an array': withJson(401, { error: { message: [SENTENCE] } }),
  'a failed service': withJson(401, { error: { message: 'Authentication service error' } }),
  'an empty error': withJson(401, { error: {} }),
}

for (const [what, { status, headers, body }] of Object.entries(OTHERS)) {
  t.test(`${what} does not refuse the token itself`, async (t) => {
    t.equal(isTokenRefusal(status, headers, body), false)
  })
}
