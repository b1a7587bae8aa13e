import { X509Certificate } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import t from 'tap'
import type { PemFile } from '../../../src/config/tls-material.ts'
import { watchTls } from '../../../src/config/watched-tls.ts'
import { createProblems } from '../../../src/observability/problems.ts'
import { createSecret } from '../../../src/secret.ts'
import { createAuthority, issueCertificate } from '../../support/certificates.ts'
import { createFolder } from '../../support/files.ts'

const authority = await createAuthority()
const one = await issueCertificate(authority, 'one')
const two = await issueCertificate(authority, 'two')

function watch(t: Test, first: Record<'ca' | 'crt' | 'key', string>, now: () => number = Date.now) {
  const folder = createFolder(t)
  folder.swap(first)
  const problems = createProblems()
  const lines: string[] = []
  const file = (variable: string, name: 'ca' | 'crt' | 'key'): PemFile => ({
    variable,
    path: folder.path(name),
    text: createSecret(first[name]),
  })
  const tls = watchTls(
    {
      authorities: [file('CA', 'ca')],
      identity: { cert: file('CERT', 'crt'), key: file('KEY', 'key') },
    },
    {
      peer: 'the upstream',
      intervalMs: 10,
      now,
      problems,
      log: { info: (line) => lines.push(line), error: (line) => lines.push(line) },
    },
  )
  t.teardown(() => tls.close())
  return { folder, problems, lines, tls }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5)
}

const NEW = 'the certificates for the upstream were read anew'

t.test('files that are swapped at once are taken together, in silence', async (t) => {
  const { folder, problems, lines, tls } = watch(t, {
    ca: authority.cert,
    crt: one.cert,
    key: one.key,
  })
  const before = tls.current()
  t.ok(before)
  folder.swap({ ca: authority.cert, crt: two.cert, key: two.key })
  await until(() => tls.current() !== before)
  t.same(lines, [NEW])
  t.same(problems.list(), [])
})

t.test('a pair that does not fit is refused until its other half has come', async (t) => {
  const { folder, problems, lines, tls } = watch(t, {
    ca: authority.cert,
    crt: one.cert,
    key: one.key,
  })
  const before = tls.current()
  folder.write({ crt: two.cert })
  await until(() => problems.list().length > 0)
  t.equal(tls.current(), before)
  const sentence =
    'KEY: does not belong to the first certificate of CERT; the version before stays in use'
  t.same(problems.list(), [sentence])
  folder.write({ key: two.key })
  await until(() => tls.current() !== before)
  t.same(problems.list(), [])
  t.same(lines, [sentence, NEW])
})

t.test('broken authorities and missing files are problems, and what was read stays', async (t) => {
  const { folder, problems, tls } = watch(t, { ca: authority.cert, crt: one.cert, key: one.key })
  const before = tls.current()
  folder.write({ ca: 'nothing' })
  await until(() => problems.list().length > 0)
  t.match(problems.list(), [
    /^CA: must name a file with certificates in PEM; the version before stays/,
  ])
  folder.write({ ca: authority.cert })
  folder.remove('key')
  await until(() =>
    problems.list().some((sentence) => sentence.startsWith('KEY: cannot be read (ENOENT)')),
  )
  folder.write({ key: one.key })
  await until(() => problems.list().length === 0)
  t.not(tls.current(), before, 'the same certificates again are a context of their own')
})

t.test('without files there is nothing to watch', async (t) => {
  const tls = watchTls(
    { authorities: [], identity: undefined },
    {
      peer: 'Keycloak',
      intervalMs: 10,
      problems: createProblems(),
      log: { info() {}, error() {} },
    },
  )
  t.equal(tls.current(), undefined)
  tls.close()
})

t.test('a certificate that has expired is a problem until there is another', async (t) => {
  const { cert, key } = one
  let nowMs = Date.parse(new X509Certificate(cert).validTo) + 1
  const { folder, problems, lines, tls } = watch(
    t,
    { ca: authority.cert, crt: cert, key },
    () => nowMs,
  )
  t.ok(tls.current(), 'it is used all the same')
  t.match(problems.list(), [/^CERT: the certificate expired on \d{4}-\d\d-\d\dT/])
  t.same(lines, [], 'the warnings at the start tell of it')
  folder.swap({ ca: authority.cert, crt: two.cert, key: two.key })
  nowMs = Date.now()
  await until(() => problems.list().length === 0)
  nowMs = Date.parse(new X509Certificate(cert).validTo) + 1
  folder.swap({ ca: authority.cert, crt: cert, key })
  await until(() => problems.list().length === 1)
  t.match(lines, [NEW, NEW, /^CERT: the certificate expired on/])
})
