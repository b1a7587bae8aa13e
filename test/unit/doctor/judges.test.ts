import t from 'tap'
import { judgeClock } from '../../../src/doctor/check-clock.ts'
import { judgeConnection } from '../../../src/doctor/connection-failure.ts'
import { createSecret } from '../../../src/secret.ts'

t.test('the code of a failed connection tells what stands in the way', async (t) => {
  const rows = [
    ['ECONNREFUSED', 'unreachable'],
    ['ENOTFOUND', 'unreachable'],
    ['timeout', 'unreachable'],
    ['UND_ERR_SOCKET', 'unreachable'],
    ['closed', 'wants-client-certificate'],
    ['TLS', 'with-tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate-untrusted'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate-untrusted'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate-untrusted'],
    ['CERT_UNTRUSTED', 'certificate-untrusted'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate-invalid'],
    ['CERT_HAS_EXPIRED', 'certificate-invalid'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'without-tls'],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'without-tls'],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'wants-client-certificate'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'wants-client-certificate'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'wants-client-certificate'],
  ] as const
  for (const [reason, failure] of rows) t.equal(judgeConnection(reason), failure, reason)
})

const IAT_S = 1_000
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** An answer whose token says `iat`, asked and answered at these times of our clock. */
function issued(iat: unknown, askedAtMs: number, answeredAtMs: number) {
  const token = `${encode({ alg: 'RS256' })}.${encode({ iat })}.c2ln`
  return {
    kind: 'answered',
    answer: {
      kind: 'issued',
      accessToken: createSecret(token),
      expiresInS: 60,
      scopes: new Set<string>(),
    },
    status: 200,
    error: '',
    description: '',
    askedAtMs,
    answeredAtMs,
  } as const
}

t.test('the whole second of `iat` and the whole wait for it count as the same time', async (t) => {
  const rows = [
    [0, 0, 'clocks-agree'],
    [-4_000, 4_000, 'clocks-agree'],
    [5_900, 6_000, 'clocks-agree'],
    [6_100, 6_200, 'clock-skew'],
    [-6_000, -5_000, 'clocks-agree'],
    [-6_100, -5_100, 'clock-skew'],
    // A slow answer is no skew.
    [-60_000, 60_000, 'clocks-agree'],
  ] as const
  for (const [asked, answered, id] of rows) {
    const judged = judgeClock(issued(IAT_S, IAT_S * 1000 + asked, IAT_S * 1000 + answered))
    t.equal(judged?.id, id, `${asked} ${answered}`)
  }
  t.match(judgeClock(issued(IAT_S, 940_000, 940_000))?.sentence, /60 s ahead of this machine/)
  t.match(judgeClock(issued(IAT_S, 1_061_000, 1_061_000))?.sentence, /60 s behind this machine/)
  t.equal(judgeClock(issued('soon', 0, 0)), undefined)
})
