/** What stands between us and a peer, by the code of Node, OpenSSL or undici. */
export type ConnectionFailure =
  | 'unreachable'
  | 'certificate-untrusted'
  | 'certificate-invalid'
  | 'without-tls'
  | 'wants-client-certificate'

export function judgeConnection(reason: string): ConnectionFailure {
  if (/ALTNAME|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/.test(reason)) return 'certificate-invalid'
  if (/ALERT.*(CERTIFICATE|UNKNOWN_CA)|HANDSHAKE_FAILURE/.test(reason)) {
    return 'wants-client-certificate'
  }
  if (/SELF_SIGNED|UNABLE_TO|CERT_/.test(reason)) return 'certificate-untrusted'
  return /WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH/.test(reason) ? 'without-tls' : 'unreachable'
}
