import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { CryptoKey, JWTPayload } from 'jose'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Teardown } from '../support/demo-servers.ts'

export interface SimulatedIssuer {
  readonly issuer: string
  /** A service account token as Kubernetes makes it, with these claims laid over. */
  sign(claims?: JWTPayload): Promise<string>
  /** Likewise, by a key that is not in the issuer's set. */
  forge(): Promise<string>
}

export const SERVICE_ACCOUNT = 'system:serviceaccount:scopelift:scopelift'

/** The issuer of a cluster: its discovery document and key set, and a key that signs. */
export async function startSimulatedIssuer(
  t: Teardown,
  audience: string,
): Promise<SimulatedIssuer> {
  const [own, foreign] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')])
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'cluster', alg: 'RS256', use: 'sig' }
  const server = createServer((req, res) => {
    const document = req.url === '/jwks' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` }
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify(document))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const sign = (key: CryptoKey, claims: JWTPayload = {}) => {
    const now = Math.floor(Date.now() / 1000)
    const times = { iat: now, nbf: now, exp: now + 3600 }
    const names = { iss: issuer, sub: SERVICE_ACCOUNT, aud: [audience], jti: randomUUID() }
    return new SignJWT({ ...names, ...times, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'cluster' })
      .sign(key)
  }
  return {
    issuer,
    sign: (claims) => sign(own.privateKey, claims),
    forge: () => sign(foreign.privateKey),
  }
}
