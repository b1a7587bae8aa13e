import { X509Certificate } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import { createSecureContext } from 'node:tls'
import { readErrorCode } from '../error-code.ts'
import type { Secret } from '../secret.ts'
import { defaultAuthorities } from './default-authorities.ts'
import { parsePrivateKeyPem } from './private-key-pem.ts'

/** A file in PEM, with its text as it was read last. */
export interface PemFile {
  /** The setting that names it. */
  readonly variable: string
  readonly path: string
  readonly text: Secret
}

/** What TLS with one peer is made of; all of it from files, which may change. */
export interface TlsMaterial {
  /** Trusted beside the public authorities. */
  readonly authorities: readonly PemFile[]
  /** Our certificate with its chain, and the key that belongs to it. */
  readonly identity: { readonly cert: PemFile; readonly key: PemFile } | undefined
}

export interface TlsMistake {
  readonly variable: string
  /** Follows the variable's name; it holds nothing of the file. */
  readonly reason: string
}

/** What is wrong with these texts, if anything. */
export function findTlsMistake({ authorities, identity }: TlsMaterial): TlsMistake | undefined {
  for (const { variable, text } of authorities) {
    if (parseCertificates(text.expose()) === undefined) return { variable, reason: NO_CERTIFICATES }
  }
  return identity && findIdentityMistake(identity)
}

/** Says when our certificate has expired: peers refuse it, though a clock of ours may be what is wrong. */
export function findExpiry({ identity }: TlsMaterial, nowMs: number): string | undefined {
  if (identity === undefined) return undefined
  const [own] = parseCertificates(identity.cert.text.expose()) ?? []
  const endMs = own === undefined ? Number.NaN : Date.parse(own.validTo)
  if (!(endMs < nowMs)) return undefined
  return `${identity.cert.variable}: the certificate expired on ${new Date(endMs).toISOString()}; put a new one, with its key, in its place`
}

/** For texts without a mistake. `undefined`: nothing is set, so TLS is as Node makes it. */
export function createTlsContext({
  authorities,
  identity,
}: TlsMaterial): SecureContext | undefined {
  if (authorities.length === 0 && identity === undefined) return undefined
  const ca = authorities.map(({ text }) => text.expose())
  return createSecureContext({
    ...(ca.length === 0 ? {} : { ca: [...defaultAuthorities(), ...ca] }),
    ...(identity === undefined
      ? {}
      : { cert: identity.cert.text.expose(), key: identity.key.text.expose() }),
  })
}

type Identity = NonNullable<TlsMaterial['identity']>

function findIdentityMistake({ cert, key }: Identity): TlsMistake | undefined {
  const [own] = parseCertificates(cert.text.expose()) ?? []
  if (own === undefined) return { variable: cert.variable, reason: NO_CERTIFICATES }
  const privateKey = parsePrivateKeyPem(key.text.expose(), 'must name a private key in PEM')
  if (typeof privateKey === 'string') return { variable: key.variable, reason: privateKey }
  if (!own.checkPrivateKey(privateKey)) {
    return {
      variable: key.variable,
      reason: `does not belong to the first certificate of ${cert.variable}`,
    }
  }
  try {
    createSecureContext({ cert: cert.text.expose(), key: key.text.expose() })
    return undefined
  } catch (error) {
    return { variable: cert.variable, reason: `cannot be used for TLS (${readErrorCode(error)})` }
  }
}

const NO_CERTIFICATES = 'must name a file with certificates in PEM'
const PEM_CERTIFICATE = /^-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----[ \t\r]*$/gm
const PEM_BEGIN = '-----BEGIN CERTIFICATE-----'

/** Every block must parse and have its own lines: TLS would silently leave a broken one out, and all behind it. */
function parseCertificates(text: string): readonly X509Certificate[] | undefined {
  const blocks = text.match(PEM_CERTIFICATE) ?? []
  if (blocks.length === 0 || blocks.length !== text.split(PEM_BEGIN).length - 1) return undefined
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    return undefined
  }
}
