/** What stands between us and a peer, by the code of Node, OpenSSL or undici. */
export type ConnectionFailure =
  | 'unreachable'
  | 'certificate-untrusted'
  | 'certificate-invalid'
  | 'without-tls'
  | 'with-tls'
  | 'wants-client-certificate'

/** In place of a code, where the other side speaks TLS and was called without. */
export const SPEAKS_TLS = 'TLS'

/** A connection over TLS 1.3 that is closed before anything was asked: our certificate was looked at, and refused. */
const CLOSED = 'closed'

export function judgeConnection(reason: string): ConnectionFailure {
  if (/ALTNAME|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/.test(reason)) return 'certificate-invalid'
  if (/ALERT.*(CERTIFICATE|UNKNOWN_CA)|HANDSHAKE_FAILURE/.test(reason) || reason === CLOSED) {
    return 'wants-client-certificate'
  }
  if (reason === SPEAKS_TLS) return 'with-tls'
  if (/SELF_SIGNED|UNABLE_TO|CERT_/.test(reason)) return 'certificate-untrusted'
  return /WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH/.test(reason) ? 'without-tls' : 'unreachable'
}
