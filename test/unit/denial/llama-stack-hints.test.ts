import t from 'tap'
import type { Hint } from '../../../src/denial/hint.ts'
import { readHint } from '../../../src/denial/read-hint.ts'
import { withJson } from './denial-of.ts'

const SCOPE = 'Access denied: user does not have required scope: '
const ROUTE = 'Access denied: insufficient permissions for route '
const ANY_OF = 'Insufficient OAuth2 scopes for models API. Required: '

function read(
  status: number,
  error: unknown,
  beside: Readonly<Record<string, unknown>> = {},
): Hint {
  const { headers, body } = withJson(status, { ...beside, error })
  return readHint(status, headers, body)
}

t.test('two texts that do not agree are no hint', async (t) => {
  const pairs = [
    [`${SCOPE}a`, `${SCOPE}b`],
    [`${ROUTE}/v1/a`, `${ROUTE}/v1/b`],
    [`${SCOPE}a`, `${ROUTE}/v1/a`],
  ]
  for (const [message, detail] of pairs) {
    t.equal(read(403, { message, detail }).kind, 'none')
    t.equal(read(403, { message: detail, detail: message }).kind, 'none')
  }
})

t.test('a structured field must agree with the sentence', async (t) => {
  const message = `${SCOPE}a`
  t.same(read(403, { message, required_scope: 'a' }).scopes, ['a'])
  t.equal(read(403, { message, required_scope: 'b' }).kind, 'none')
  t.equal(read(403, { message, required_scopes: [] }).kind, 'none')
  t.equal(read(403, { message }, { required_scopes: ['a', 'b'] }).kind, 'none')
  t.equal(read(403, { message: `${ROUTE}/v1/a` }, { required_scope: 'a' }).kind, 'none')
  t.equal(read(401, { message: `${ANY_OF}a` }, { required_scope: 'a' }).kind, 'none')
})

t.test('the sentence counts in no other place', async (t) => {
  const sentence = `${SCOPE}admin`
  const bodies = [
    { error: sentence },
    { message: sentence },
    { detail: sentence },
    { detail: { message: sentence } },
    { error: { error: { message: sentence } } },
    { error: { detail: { message: sentence } } },
    { error: { detail: [sentence] } },
    { error: { message: [sentence] } },
    { error: [{ message: sentence }] },
    { error: { msg: sentence, Message: sentence, description: sentence, error: sentence } },
    { errors: [{ detail: sentence }] },
    { request: { error: { detail: sentence } } },
    { choices: [{ message: { content: sentence } }] },
  ]
  for (const value of bodies) {
    const { headers, body } = withJson(403, value)
    t.equal(readHint(403, headers, body).kind, 'none', JSON.stringify(value))
  }
})

t.test('lookalikes never count', async (t) => {
  const texts = [
    "Error code: 403 - {'error': {'message': 'required scope: admin'}}",
    "Client error '401 Unauthorized' for url 'https://mcp.example/mcp?scope=admin'",
    "User 'alice' (attributes: scopes=['openid', 'admin']) cannot perform action 'delete' on resource 'x'",
    'Authentication required. Please provide a valid OAuth2 Bearer token from https://issuer.example',
    'Invalid Authorization header format',
    'Invalid JWT token',
    'Authentication service error',
    "Model 'admin' not found. Use 'client.models.list()' to list available models.",
    "Access denied: Tool 'x' requires scope 'admin' but only scopes [] are available",
    'The assistant said: required scope: admin',
  ]
  for (const text of texts) {
    for (const error of [{ message: text }, { detail: text }]) {
      t.equal(read(401, error).kind, 'none')
      t.equal(read(403, error).kind, 'none')
    }
  }
})
