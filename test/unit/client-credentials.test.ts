import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeProtectedHeader } from 'jose'
import type { Test } from 'tap'
import t from 'tap'
import type { ClientCredentials } from '../../src/client-credentials.ts'
import { openClientCredentials } from '../../src/client-credentials.ts'
import type { ClientAuthenticationConfig } from '../../src/config/config.ts'
import { createProblems } from '../../src/observability/problems.ts'
import { createSecret } from '../../src/secret.ts'
import { createTestKey } from '../support/client-keys.ts'
import { createFolder } from '../support/files.ts'

const ISSUER = 'https://kc/realms/r'
const header = Buffer.from('{"alg":"RS256"}').toString('base64url')
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const signature = Buffer.alloc(256, 1).toString('base64url')
/** Good for so many seconds. */
// One moment for all of them: the same name is the same token.
const STARTED_S = Math.floor(Date.now() / 1000)
const token = (name: string, lifetimeS = 3600) =>
  `${header}.${encode({ jti: name, exp: STARTED_S + lifetimeS })}.${signature}`

function open(t: Test, authentication: ClientAuthenticationConfig) {
  const problems = createProblems()
  const lines: unknown[] = []
  let news = 0
  const credentials = openClientCredentials({
    config: { clientId: 'app', issuer: ISSUER, authentication },
    intervalMs: 10,
    now: Date.now,
    onNew: () => {
      news += 1
    },
    problems,
    log: { info: (...line: unknown[]) => void lines.push(line) },
  })
  t.teardown(() => credentials.close())
  return { credentials, problems, lines, news: () => news }
}

/** What is put into the form, or the fault. */
async function send({ authentication }: ClientCredentials): Promise<string> {
  const form = new URLSearchParams()
  const fault = await authentication(form, {}, undefined)
  return fault ?? form.get('client_assertion') ?? form.get('client_secret') ?? ''
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(5)
}

t.test('a secret from a file is used as it is now', async (t) => {
  const folder = createFolder(t)
  folder.write({ s: 'one\n' })
  const secret = { kind: 'file', path: folder.path('s'), secret: createSecret('one') } as const
  const { credentials, problems, news } = open(t, { method: 'client_secret_post', secret })
  t.equal(await send(credentials), 'one')
  folder.write({ s: '' })
  await until(() => problems.list().length === 1)
  t.same(problems.list(), ['KEYCLOAK_CLIENT_SECRET_FILE: the file is empty'])
  t.equal(await send(credentials), 'one')
  folder.write({ s: 'two' })
  t.equal(await credentials.refresh(), true)
  t.equal(await send(credentials), 'two')
  t.same(problems.list(), [])
  t.equal(news(), 1)
})

t.test(
  'another key signs as soon as it stands in the file; a broken one is a problem',
  async (t) => {
    const folder = createFolder(t)
    const first = JSON.stringify({ ...createTestKey('ec').jwk, kid: 'one' })
    folder.write({ k: first })
    const { credentials, problems, news } = open(t, {
      method: 'private_key_jwt',
      key: { kind: 'file', path: folder.path('k'), secret: createSecret(first) },
      keyId: undefined,
      algorithm: undefined,
    })
    const kid = async () => decodeProtectedHeader(await send(credentials)).kid
    t.equal(await kid(), 'one')
    folder.write({ k: createTestKey('ec').publicPem })
    await until(() => problems.list().length === 1)
    t.match(problems.list(), [
      /^KEYCLOAK_CLIENT_KEY_FILE: is a public key.*the key before stays in use$/,
    ])
    t.equal(await kid(), 'one')
    folder.write({ k: JSON.stringify({ ...createTestKey('rsa').jwk, kid: 'two' }) })
    await until(async () => (await kid()) === 'two')
    t.same(problems.list(), [])
    t.equal(news(), 1)
  },
)

t.test('a key that the algorithm of the settings does not fit is refused', async (t) => {
  const folder = createFolder(t)
  const first = createTestKey('rsa').pem
  folder.write({ k: first })
  const { credentials, problems } = open(t, {
    method: 'private_key_jwt',
    key: { kind: 'file', path: folder.path('k'), secret: createSecret(first) },
    keyId: 'k',
    algorithm: 'PS256',
  })
  folder.write({ k: createTestKey('ec').pem })
  await until(() => problems.list().length === 1)
  t.match(problems.list(), [/KEYCLOAK_CLIENT_KEY_ALG does not fit/])
  t.same(decodeProtectedHeader(await send(credentials)), { alg: 'PS256', kid: 'k' })
})

t.test('an assertion is read for each use, less white space around it', async (t) => {
  const folder = createFolder(t)
  folder.swap({ token: `\n ${token('one')} \r\n` })
  const file = folder.path('token')
  const { credentials, problems } = open(t, { method: 'federated_jwt', assertionFile: file })
  t.equal(await send(credentials), token('one'))
  t.equal(await credentials.refresh(), false)
  folder.swap({ token: token('two') })
  t.equal(await credentials.refresh(), true)
  t.equal(await send(credentials), token('two'))
  t.same(problems.list(), [])
})

t.test(
  'a file without an assertion is a problem before anybody needs it, until there is one',
  async (t) => {
    const table: [what: string, text: string | undefined, reason: RegExp][] = [
      ['missing', undefined, /cannot be read \(ENOENT\)/],
      ['empty', '\n', /is empty/],
      ['nothing at all', '', /is empty/],
      ['a word', 'hunter2', /holds no signed JWT/],
      ['a host name', 'my.host.name', /holds no signed JWT/],
      ['unsigned', `${header}.x.`, /holds no signed JWT/],
      ['encrypted', `${header}.a.b.c.d`, /holds no signed JWT/],
      ['two', `${token('a')}\n${token('b')}`, /holds no signed JWT/],
      ['a header that is no JSON', `aGVsbG8.${encode({})}.${signature}`, /holds no signed JWT/],
      ['claims that are no JSON', `${header}.aGVsbG8.${signature}`, /holds no signed JWT/],
      ['half a signature', token('a').slice(0, -100), /holds no signed JWT/],
      ['huge', token('x'.repeat(20_000)), /is larger than 16384 bytes/],
    ]
    for (const [what, text, reason] of table) {
      const folder = createFolder(t)
      if (text !== undefined) folder.write({ token: text })
      const { credentials, problems, news } = open(t, {
        method: 'federated_jwt',
        assertionFile: folder.path('token'),
      })
      await until(() => problems.list().length === 1)
      const [sentence = ''] = problems.list()
      t.match(sentence, /^KEYCLOAK_CLIENT_ASSERTION_FILE: /)
      t.match(sentence, reason, what)
      t.match(sentence, new RegExp(`audience is ${ISSUER}`))
      t.equal(await send(credentials), 'assertion-file', what)
      t.equal(await credentials.refresh(), false)
      folder.write({ token: token('good') })
      await until(() => problems.list().length === 0)
      t.equal(await send(credentials), token('good'))
      t.equal(news(), 1, 'whoever was refused may ask again')
    }
  },
)

/** Not renamed into place: whoever reads meanwhile sees a part. */
const tear = (path: string, text: string) => writeFileSync(path, text)

t.test(
  'while a file is being written the last good assertion is sent, and it is a problem',
  async (t) => {
    const parts = ['', token('two').slice(0, 30), token('two').slice(0, -40)]
    for (const part of parts) {
      const folder = createFolder(t)
      folder.write({ token: token('one') })
      const path = folder.path('token')
      const { credentials, problems } = open(t, { method: 'federated_jwt', assertionFile: path })
      t.equal(await send(credentials), token('one'))
      tear(path, part)
      t.equal(await send(credentials), token('one'))
      t.match(problems.list(), [/^KEYCLOAK_CLIENT_ASSERTION_FILE: /])
      t.equal(await credentials.refresh(), false, 'there is none to try instead')
      folder.remove('token')
      t.equal(await send(credentials), token('one'))
      folder.write({ token: token('two') })
      t.equal(await send(credentials), token('two'))
      await until(() => problems.list().length === 0)
    }
  },
)

t.test('an assertion that has expired, or never says when, does not stand in', async (t) => {
  const endless = `${header}.${encode({ jti: 'endless' })}.${signature}`
  for (const first of [token('old', -1), endless]) {
    const folder = createFolder(t)
    folder.write({ token: first })
    const path = folder.path('token')
    const { credentials } = open(t, { method: 'federated_jwt', assertionFile: path })
    t.equal(await send(credentials), first, 'what stands in the file is for Keycloak to judge')
    tear(path, '')
    t.equal(await send(credentials), 'assertion-file')
  }
})

t.test('without a last good one a torn file is read once more', async (t) => {
  const folder = createFolder(t)
  const path = folder.path('token')
  tear(path, '')
  const { credentials } = open(t, { method: 'federated_jwt', assertionFile: path })
  const sent = send(credentials)
  await sleep(10)
  tear(path, token('one'))
  t.equal(await sent, token('one'))
})

t.test('whoever was refused meanwhile waits for the new assertion', async (t) => {
  const folder = createFolder(t)
  const path = folder.path('token')
  folder.write({ token: token('one') })
  const { credentials } = open(t, { method: 'federated_jwt', assertionFile: path })
  await send(credentials)
  tear(path, '')
  const refreshed = credentials.refresh()
  await sleep(10)
  tear(path, token('two'))
  t.equal(await refreshed, true)
})
