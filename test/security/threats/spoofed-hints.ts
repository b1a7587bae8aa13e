import { readFileSync } from 'node:fs'
import type { Check, Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual } from '../expect.ts'
import { buildHouse, SCOPE, tokenOf } from '../lab.ts'

interface Spoof {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const JSON_TYPE = { 'content-type': 'application/json' }
const CHALLENGE = `Bearer error="insufficient_scope", scope="${SCOPE}"`
const SENTENCE = `Access denied: insufficient permissions for route /v1/agents`

/** Answers that hold the words of a denial where only an attacker would have put them. */
const SPOOFS: Readonly<Record<string, Spoof>> = {
  'a challenge on a success': { status: 200, headers: { 'www-authenticate': CHALLENGE } },
  'a challenge on 400': { status: 400, headers: { 'www-authenticate': CHALLENGE } },
  'a challenge on 404': { status: 404, headers: { 'www-authenticate': CHALLENGE } },
  'a challenge on 407': { status: 407, headers: { 'www-authenticate': CHALLENGE } },
  'a challenge on 500': { status: 500, headers: { 'www-authenticate': CHALLENGE } },
  'a challenge in HTML': {
    headers: { 'content-type': 'text/html' },
    body: `<pre>WWW-Authenticate: ${CHALLENGE}</pre>`,
  },
  'a challenge in plain text': { headers: { 'content-type': 'text/plain' }, body: CHALLENGE },
  'an event stream': {
    headers: { 'content-type': 'text/event-stream' },
    body: `data: {"error":"insufficient_scope","scope":"${SCOPE}"}\n\n`,
  },
  'model output that quotes a denial': {
    headers: JSON_TYPE,
    body: JSON.stringify({
      choices: [{ message: { content: `{"error":"insufficient_scope","scope":"${SCOPE}"}` } }],
    }),
  },
  'a nested error': {
    headers: JSON_TYPE,
    body: JSON.stringify({ detail: { body: { error: 'insufficient_scope', scope: SCOPE } } }),
  },
  'echoed input in a validation error': {
    headers: JSON_TYPE,
    body: JSON.stringify({
      detail: [{ loc: ['body'], input: { error: 'insufficient_scope', scope: SCOPE } }],
    }),
  },
  'a sentence with words around it': {
    headers: JSON_TYPE,
    body: JSON.stringify({ error: { message: `You said: "${SENTENCE}"` } }),
  },
  'a sentence about another route': {
    headers: JSON_TYPE,
    body: JSON.stringify({ error: { message: SENTENCE } }),
  },
  'a challenge in quotes of another': {
    headers: { 'www-authenticate': `Basic realm="x, ${CHALLENGE.replaceAll('"', '\\"')}"` },
  },
  'a challenge in a field of another name': {
    headers: {
      'x-www-authenticate': CHALLENGE,
      'proxy-authenticate': CHALLENGE,
      www_authenticate: CHALLENGE,
    },
  },
  'a repeated scope parameter': {
    headers: { 'www-authenticate': `${CHALLENGE}, scope="llama:agent_session_create"` },
  },
  'a malformed challenge': {
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${SCOPE}` },
  },
  'another scheme': { headers: { 'www-authenticate': CHALLENGE.replace('Bearer', 'Negotiate') } },
  'an initial challenge of 401': {
    status: 401,
    headers: { 'www-authenticate': `Bearer scope="${SCOPE}"` },
  },
  'an invalid token of 401': {
    status: 401,
    headers: { 'www-authenticate': `Bearer error="invalid_token", scope="${SCOPE}"` },
  },
  'JSON with a duplicate member': {
    headers: JSON_TYPE,
    body: `{"error":"insufficient_scope","error":"x","scope":"${SCOPE}"}`,
  },
  'JSON in gzip': {
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
    body: `{"error":"insufficient_scope","scope":"${SCOPE}"}`,
  },
  'JSON by extension only': {
    headers: { 'content-type': 'application/jsonp' },
    body: `{"error":"insufficient_scope","scope":"${SCOPE}"}`,
  },
}

export const spoofedHints: Line = {
  id: 'T3',
  topic: 'hints spoofed by echoed input, model output, HTML, events',
  rule: 'strict grammar, known shapes, all or nothing: no exchange, and the answer passes as it came',
  checks: [
    ...Object.entries(SPOOFS).map(isNotBelieved),
    inLab('every vector of test/vectors that names nothing costs no exchange', async (lab) => {
      for (const [name, spoof] of hintlessVectors()) {
        const [status, exchanges, body] = await answerTo(lab, spoof)
        expectEqual([status, exchanges, body], [spoof.status, 0, spoof.body ?? ''], name)
      }
    }),
  ],
}

function isNotBelieved([name, spoof]: readonly [string, Spoof]): Check {
  return inLab(`${name} is no hint`, async (lab) => {
    const [status, exchanges, body] = await answerTo(lab, spoof)
    expectEqual(
      [status, exchanges, body],
      [spoof.status ?? 403, 0, spoof.body ?? ''],
      'status, exchanges, body',
    )
  })
}

async function answerTo(lab: Parameters<typeof buildHouse>[0], spoof: Spoof) {
  const house = await buildHouse(lab, (_req, res) => {
    res.writeHead(spoof.status ?? 403, { ...spoof.headers })
    res.end(spoof.body)
  })
  const answer = await house.call({ token: await tokenOf(lab) })
  return [answer.status, house.exchanges(), answer.body] as const
}

/** Vectors whose expected hint is `none`, in a form that a server can send. */
function hintlessVectors(): readonly (readonly [string, Spoof])[] {
  const file = new URL('../../vectors/hints.json', import.meta.url)
  const vectors: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!Array.isArray(vectors)) throw new TypeError('the vectors are no list')
  return vectors.map(readVector).filter((vector) => vector !== undefined)
}

function readVector(vector: unknown): readonly [string, Spoof] | undefined {
  const { id, status, headers, contentType, body, expected } = fields(vector)
  if (fields(expected)['kind'] !== 'none' || typeof status !== 'number' || typeof body !== 'string')
    return undefined
  const lines = Object.entries(fields(headers)).flatMap(([name, value]) =>
    typeof value === 'string' && /^[\t\x20-\x7e]*$/.test(value) ? [[name, value] as const] : [],
  )
  const type = typeof contentType === 'string' ? [['content-type', contentType] as const] : []
  if (lines.length !== Object.keys(fields(headers)).length || /[^\x20-\x7e]/.test(body))
    return undefined
  return [
    `vector ${String(id)}`,
    { status, headers: Object.fromEntries([...lines, ...type]), body },
  ]
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
