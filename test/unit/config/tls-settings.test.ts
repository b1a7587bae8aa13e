import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { loadConfig } from '../../../src/config/load-config.ts'
import { createAuthority, issueCertificate } from '../../support/certificates.ts'
import { createTestKey } from '../../support/client-keys.ts'
import { listMistakes, REQUIRED, readFrom } from './config-fixture.ts'

const authority = await createAuthority()
const one = await issueCertificate(authority, 'one')
const other = await issueCertificate(authority, 'other')
const FILES = {
  '/ca.pem': authority.cert,
  '/one.crt': `${one.cert}\n${authority.cert}\n`,
  '/glued.crt': one.cert.trim() + authority.cert,
  '/one.key': one.key,
  '/other.key': other.key,
  '/public.key': createTestKey('ec').publicPem,
  '/encrypted.key':
    '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n',
  '/broken.crt': one.cert.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA'),
}

for (const [peer, url] of [
  ['KEYCLOAK', 'KEYCLOAK_SERVER_URL'],
  ['UPSTREAM', 'UPSTREAM_URL'],
] as const) {
  const [cert, key] = [`${peer}_TLS_CERT_FILE`, `${peer}_TLS_KEY_FILE`]
  const https = { [url]: 'https://api.example.com', KEYCLOAK_AUDIENCE: 'a' }

  t.test(`a pair and authorities of its own for ${peer}`, async (t) => {
    const config = loadConfig({
      env: {
        ...REQUIRED,
        ...https,
        [cert]: '/one.crt',
        [key]: '/one.key',
        CA_FILE: '/ca.pem',
        [`${peer}_CA_FILE`]: '/ca.pem',
      },
      readFile: readFrom(FILES),
    })
    const own = peer === 'KEYCLOAK' ? config.keycloak.tls : config.upstream.tls
    const another = peer === 'KEYCLOAK' ? config.upstream.tls : config.keycloak.tls
    t.same(
      own.authorities.map(({ variable }) => variable),
      ['CA_FILE', `${peer}_CA_FILE`],
    )
    t.match(own.identity, { cert: { variable: cert, path: '/one.crt' }, key: { path: '/one.key' } })
    t.same(
      another.authorities.map(({ variable }) => variable),
      ['CA_FILE'],
    )
    t.equal(another.identity, undefined)
    t.same(config.warnings, [])
    t.notOk(JSON.stringify(config).includes('PRIVATE KEY'))
  })

  t.test(`what cannot be a pair for ${peer} is a mistake`, async (t) => {
    const table: [what: string, cert: string, key: string, mistake: string][] = [
      ['no key', '/one.crt', '', `${cert}: is set without ${key}: certificate and key go together`],
      [
        'no cert',
        '',
        '/one.key',
        `${key}: is set without ${cert}: certificate and key go together`,
      ],
      [
        'no such file',
        '/one.crt',
        '/nowhere',
        `${key}: names a file that cannot be read (ENOENT): there is no such file; a relative path starts in the current folder`,
      ],
      [
        'another key',
        '/one.crt',
        '/other.key',
        `${key}: does not belong to the first certificate of ${cert}`,
      ],
      ['swapped', '/one.key', '/one.crt', `${cert}: must name a file with certificates in PEM`],
      [
        'a broken certificate',
        '/broken.crt',
        '/one.key',
        `${cert}: must name a file with certificates in PEM`,
      ],
      [
        'certificates on one line',
        '/glued.crt',
        '/one.key',
        `${cert}: must name a file with certificates in PEM`,
      ],
      [
        'a public key',
        '/one.crt',
        '/public.key',
        `${key}: is a public key: the private key that belongs to it is needed`,
      ],
      [
        'an encrypted key',
        '/one.crt',
        '/encrypted.key',
        `${key}: is encrypted: it must be a private key without a passphrase`,
      ],
      [
        'a certificate as key',
        '/one.crt',
        '/one.crt',
        `${key}: is a certificate: its private key is needed`,
      ],
    ]
    for (const [what, certPath, keyPath, mistake] of table) {
      t.same(listMistakes({ ...https, [cert]: certPath, [key]: keyPath }, FILES), [mistake], what)
    }
  })

  t.test(`a pair for a ${peer} of plain http is worth a warning`, async (t) => {
    const env = {
      [url]: 'http://127.0.0.1:1',
      KEYCLOAK_AUDIENCE: 'a',
      [cert]: '/one.crt',
      [key]: '/one.key',
    }
    const { warnings } = loadConfig({ env: { ...REQUIRED, ...env }, readFile: readFrom(FILES) })
    t.same(warnings, [`${cert} is not used: ${url} is plain http`])
  })
}

t.test(
  'a client certificate that has expired is a warning with its date, no mistake',
  async (t) => {
    const options = {
      env: {
        ...REQUIRED,
        KEYCLOAK_AUDIENCE: 'a',
        UPSTREAM_URL: 'https://api.example.com',
        UPSTREAM_TLS_CERT_FILE: '/one.crt',
        UPSTREAM_TLS_KEY_FILE: '/one.key',
      },
      readFile: readFrom(FILES),
    }
    const endsMs = Date.parse(new X509Certificate(one.cert).validTo)
    t.same(loadConfig({ ...options, now: () => endsMs - 1 }).warnings, [])
    t.same(loadConfig({ ...options, now: () => endsMs + 1 }).warnings, [
      `UPSTREAM_TLS_CERT_FILE: the certificate expired on ${new Date(endsMs).toISOString()}; put a new one, with its key, in its place`,
    ])
  },
)
