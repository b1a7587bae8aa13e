import { gzipSync } from 'node:zlib'
import t from 'tap'
import { readHint } from '../../../src/denial/read-hint.ts'
import type { Denial } from './denial-of.ts'
import { rawHeaders, withJson } from './denial-of.ts'

const REFUSAL = { error: 'insufficient_scope', scope: 'a' }
const TEXT = JSON.stringify(REFUSAL)

function ofType(...contentType: readonly string[]): Denial {
  return withJson(403, REFUSAL, contentType)
}

function ofBytes(body: Uint8Array): Denial {
  return { status: 403, headers: rawHeaders({ 'Content-Type': 'application/json' }), body }
}

function padded(bytes: number): Denial {
  return withJson(403, TEXT + ' '.repeat(bytes - TEXT.length))
}

const NESTED = `${'[{"a":'.repeat(5000)}1${'}]'.repeat(5000)}`

const READ: Readonly<Record<string, Denial>> = {
  'application/json': ofType('application/json'),
  'another case': ofType('Application/JSON'),
  'a charset': ofType('application/json; charset=utf-8'),
  'a charset in quotes': ofType('application/json;charset="UTF-8"'),
  'white space before the semicolon': ofType('application/json \t; charset=utf-8'),
  'an empty parameter': ofType('application/json;'),
  'another case of the field name': withJson(403, REFUSAL, [], {
    'CONTENT-TYPE': 'application/json',
  }),
  'white space around the object': withJson(403, ` \t\r\n${TEXT}\n`),
  '64 KiB': padded(65_536),
  'deep nesting beside it': withJson(403, `{"x":${NESTED},${TEXT.slice(1)}`),
  'escapes in names and values': withJson(
    403,
    '{"\\u0065rror":"insufficient\\u005fscope","scope":"\\u0061"}',
  ),
  'equal names in different objects': withJson(
    403,
    '{"x":{"scope":"b"},"y":[{"scope":"c"},"scope"],"error":"insufficient_scope","scope":"a"}',
  ),
}

for (const [what, { status, headers, body }] of Object.entries(READ)) {
  t.test(`a JSON body with ${what} is read`, async (t) => {
    const { kind, scopes } = readHint(status, headers, body)
    t.same({ kind, scopes }, { kind: 'insufficient-scope', scopes: ['a'] })
  })
}

const UNREAD: Readonly<Record<string, Denial>> = {
  'no content type': ofType(),
  'an empty content type': ofType(''),
  'two content types': ofType('application/json', 'application/json'),
  'two content types that differ': ofType('application/json', 'text/html'),
  'two content types in one line': ofType('application/json, application/json'),
  'a second content type behind a parameter': ofType('application/json; charset=utf-8, text/html'),
  'text/json': ofType('text/json'),
  'text/plain': ofType('text/plain'),
  'text/html': ofType('text/html'),
  'text/event-stream': ofType('text/event-stream'),
  'application/x-json': ofType('application/x-json'),
  'application/jsonp': ofType('application/jsonp'),
  'application/json-seq': ofType('application/json-seq'),
  'application/vnd.api+json': ofType('application/vnd.api+json'),
  'application/problem+json': ofType('application/problem+json'),
  'json inside another type': ofType('text/plain; type=application/json'),
  'a no-break space after the type': ofType('application/json\xa0'),
  'a word after the type': ofType('application/json x'),
  gzip: {
    status: 403,
    headers: rawHeaders({ 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }),
    body: gzipSync(TEXT),
  },
  'Content-Encoding: identity': withJson(403, REFUSAL, 'application/json', {
    'content-encoding': 'identity',
  }),
  'an empty Content-Encoding': withJson(403, REFUSAL, 'application/json', {
    'Content-Encoding': '',
  }),
  'one byte more than 64 KiB': padded(65_537),
  'no bytes': withJson(403, ''),
  'a byte order mark': withJson(403, `\ufeff${TEXT}`),
  'UTF-16': ofBytes(Buffer.from(TEXT, 'utf16le')),
  'an invalid byte': ofBytes(Buffer.from(`{"x":"\xff",${TEXT.slice(1)}`, 'latin1')),
  'an overlong encoding': ofBytes(Buffer.from(`{"x":"\xc0\xaf",${TEXT.slice(1)}`, 'latin1')),
  'an encoded surrogate': ofBytes(Buffer.from(`{"x":"\xed\xa0\x80",${TEXT.slice(1)}`, 'latin1')),
  'a cut character': ofBytes(Buffer.from(`${TEXT}\xc3`, 'latin1')),
  'an array around it': withJson(403, [REFUSAL]),
  'a string around it': withJson(403, JSON.stringify(TEXT)),
  null: withJson(403, 'null'),
  'a number': withJson(403, '403'),
  'text after it': withJson(403, `${TEXT}x`),
  'a second object after it': withJson(403, TEXT + TEXT),
  'text before it': withJson(403, `)]}',\n${TEXT}`),
  'an SSE frame': withJson(403, `data: ${TEXT}\n\n`),
  'its end cut off': withJson(403, TEXT.slice(0, -1)),
  'a comment': withJson(403, `/* x */${TEXT}`),
  'a trailing comma': withJson(403, `${TEXT.slice(0, -1)},}`),
  'single quotes': withJson(403, TEXT.replaceAll('"', "'")),
  'a raw newline in a string': withJson(403, `{"x":"a\nb",${TEXT.slice(1)}`),
  NaN: withJson(403, `{"x":NaN,${TEXT.slice(1)}`),
  'a repeated name': withJson(403, '{"error":"insufficient_scope","scope":"b","scope":"a"}'),
  'a repeated name in escapes': withJson(
    403,
    '{"error":"insufficient_scope","scope":"a","sc\\u006fpe":"a"}',
  ),
  'a repeated error': withJson(403, '{"error":{},"error":"insufficient_scope","scope":"a"}'),
  'a name repeated deep inside': withJson(403, `{"x":[{"y":1,"z":{},"y":2}],${TEXT.slice(1)}`),
  'a repeated __proto__': withJson(403, `{"__proto__":1,"__proto__":2,${TEXT.slice(1)}`),
  'nothing but nesting': withJson(403, NESTED),
}

for (const [what, { status, headers, body }] of Object.entries(UNREAD)) {
  t.test(`a body with ${what} is not read`, async (t) => {
    t.equal(readHint(status, headers, body).kind, 'none')
  })
}
