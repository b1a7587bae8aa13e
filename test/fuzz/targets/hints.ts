import fc from 'fast-check'
import { readHint } from '../../../src/denial/read-hint.ts'
import { createTarget } from '../target.ts'

const WORDS = [
  'insufficient_scope',
  'invalid_token',
  'llama:read',
  'mcp:*',
  'a b',
  '"',
  '\\',
  '\r\n',
  '\u00e9',
  '\u{1f600}',
  ' ',
  '',
  '*',
]
const WORD = fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 12 }))
const TEXT = fc.oneof(
  WORD,
  fc.array(WORD, { maxLength: 4 }).map((words) => words.join(' ')),
  fc
    .tuple(WORD, WORD)
    .map(([scope, path]) => `User does not have required scope: ${scope} ${path}`),
  fc.tuple(WORD, WORD).map(([path, scope]) => `Access denied: POST ${path} requires ${scope}`),
)
const CHALLENGE = fc
  .tuple(fc.constantFrom('Bearer', 'bearer', 'DPoP', 'Basic'), TEXT, TEXT)
  .map(([scheme, error, scope]) => `${scheme} error="${error}", scope="${scope}"`)
const HEADERS = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'WWW-Authenticate',
        'www-authenticate',
        'Content-Type',
        'Content-Encoding',
        'X-A',
      ),
      fc.oneof(
        CHALLENGE,
        TEXT,
        fc.constantFrom('application/json', 'application/problem+json; charset=x', 'text/html'),
      ),
    ),
    { maxLength: 5 },
  )
  .map((lines) => lines.flat())
const MEMBERS = fc.dictionary(
  fc.constantFrom(
    'error',
    'detail',
    'scope',
    'scopes',
    'message',
    'required_scopes',
    'error_description',
    'missing',
    '__proto__',
  ),
  fc.oneof(
    { depthSize: 'small' },
    TEXT,
    fc.array(TEXT, { maxLength: 3 }),
    fc.jsonValue({ maxDepth: 3 }),
  ),
)
const BODY = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  MEMBERS.map((members) => Buffer.from(JSON.stringify(members))),
  fc.tuple(MEMBERS, fc.nat(200), fc.uint8Array({ maxLength: 3 })).map(([members, at, octets]) => {
    const text = Buffer.from(JSON.stringify({ error: members, detail: members }))
    return Buffer.concat([text.subarray(0, at), octets, text.subarray(at)])
  }),
  fc.json().map((text) => Buffer.from(text)),
)
const STATUS = fc.oneof(fc.constantFrom(401, 403), fc.integer({ min: 100, max: 999 }))

const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/
const KINDS = ['insufficient-scope', 'invalid-token', 'other', 'none']

/** Whatever a denial says, it is read without a throw, and what it names are scope tokens of RFC 6749 §3.3. */
export const hints = createTarget('hints', 3, () =>
  fc.property(STATUS, HEADERS, BODY, (status, headers, body) => {
    const { kind, scopes } = readHint(status, headers, body)
    const areLegal = scopes.every((scope) => SCOPE_TOKEN.test(scope))
    const areSorted = scopes.every((scope, i) => i === 0 || scope > (scopes[i - 1] ?? ''))
    const isDenial = status === 401 || status === 403 || kind === 'none'
    return KINDS.includes(kind) && areLegal && areSorted && scopes.length <= 100 && isDenial
  }),
)
