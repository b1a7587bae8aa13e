import type { buildConnector } from 'undici'
import { probeConnection } from '../transport/probe-connection.ts'
import { judgeConnection, SPEAKS_TLS } from './connection-failure.ts'

/** The other side has closed, or said what is no HTTP: the code does not tell why. */
const UNCLEAR = /^(UND_ERR_SOCKET|ECONNRESET|EPIPE|HPE_\w+|HTTPParserError)$/

/**
 * Why a request has failed, in a word. Where its code does not tell, a connection is made that asks for nothing: over TLS 1.3
 * a refused client certificate shows only there, and so does a port that wants TLS.
 */
export async function readFailure(
  url: URL,
  code: string,
  connect: buildConnector.connector,
): Promise<string> {
  if (!UNCLEAR.test(code)) return code
  if (url.protocol === 'https:') return (await probeConnection(url, connect)) ?? code
  const port = url.port || '80'
  const reason = await probeConnection(new URL(`https://${url.hostname}:${port}/`), connect)
  return reason === undefined || SHOWN_BY_TLS.has(judgeConnection(reason)) ? SPEAKS_TLS : code
}

const SHOWN_BY_TLS: ReadonlySet<string> = new Set([
  'certificate-untrusted',
  'certificate-invalid',
  'wants-client-certificate',
])
