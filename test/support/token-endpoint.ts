import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { CryptoKey, JWK } from 'jose'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly form: URLSearchParams
}

/** Answers one request; one that writes nothing leaves the caller waiting. */
export type Answer = (received: ReceivedRequest, response: ServerResponse) => void | Promise<void>

type Payload = Readonly<Record<string, unknown>>

interface Signer {
  readonly issuer: string
  readonly now: () => number
  readonly sign: (claims: Payload) => Promise<string>
}

export interface SigningKey {
  readonly kid: string
  readonly alg: 'RS256' | 'ES256'
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

/** An authorization server on a real socket that issues, refuses, lies and fails as it is told. */
export interface TokenEndpoint {
  readonly issuer: string
  readonly tokenEndpoint: URL
  readonly jwksUri: URL
  readonly discoveryUrl: URL
  /** Exchanges received so far, in order. */
  readonly exchanges: readonly ReceivedRequest[]
  readonly keySetFetches: readonly ReceivedRequest[]
  readonly discoveries: readonly ReceivedRequest[]
  /** The next exchanges are answered so, one each; after them all are issued what they ask for. */
  script(...answers: readonly Answer[]): void
  /** All further exchanges, key set fetches, discoveries are answered so; `undefined`: as they should be. */
  answerAll(path: 'token' | 'jwks' | 'discovery', answer: Answer | undefined): void
  /** Issues what is asked for, with these claims and members of the answer laid over. */
  issue(claims?: Payload, answer?: Payload): Answer
  /** Signs with the realm's current key. */
  sign(claims: Payload): Promise<string>
  /** Publishes a key and signs with it from now on. */
  rotate(key: SigningKey): void
  close(): Promise<void>
}

export async function createSigningKey(kid: string, alg: 'RS256' | 'ES256'): Promise<SigningKey> {
  const pair = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' }
  return { kid, alg, privateKey: pair.privateKey, jwk }
}

export function signWith(key: SigningKey, claims: Payload) {
  const header = { alg: key.alg, kid: key.kid, typ: 'JWT' }
  return new SignJWT({ ...claims }).setProtectedHeader(header).sign(key.privateKey)
}

export async function startTokenEndpoint(
  firstKey: SigningKey,
  now: () => number = Date.now,
): Promise<TokenEndpoint> {
  const keys: SigningKey[] = [firstKey]
  const queue: Answer[] = []
  const received: ReceivedRequest[] = []
  const fixed = new Map<string, Answer>()
  const sign = (claims: Payload) => signWith(keys.at(-1) ?? firstKey, claims)

  const server = createServer((request, response) => {
    void receive(request).then((entry) => {
      received.push(entry)
      return answerOf(entry)(entry, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const issuer = `http://127.0.0.1:${port}/realms/test`

  const signer = { issuer, sign, now }

  const answerOf = ({ path }: ReceivedRequest): Answer => {
    if (path.endsWith('/token')) return queue.shift() ?? fixed.get('token') ?? issueWith(signer)
    if (path.endsWith('/certs')) {
      return fixed.get('jwks') ?? json(200, { keys: keys.map((key) => key.jwk) })
    }
    return fixed.get('discovery') ?? json(200, { issuer })
  }
  const under = (suffix: string) => received.filter(({ path }) => path.endsWith(suffix))

  return {
    issuer,
    tokenEndpoint: new URL(`${issuer}/protocol/openid-connect/token`),
    jwksUri: new URL(`${issuer}/protocol/openid-connect/certs`),
    discoveryUrl: new URL(`${issuer}/.well-known/openid-configuration`),
    get exchanges() {
      return under('/token')
    },
    get keySetFetches() {
      return under('/certs')
    },
    get discoveries() {
      return under('/openid-configuration')
    },
    script: (...answers) => void queue.push(...answers),
    answerAll: (path, answer) => void (answer ? fixed.set(path, answer) : fixed.delete(path)),
    issue: (claims, answer) => issueWith(signer, claims, answer),
    sign,
    rotate: (key) => void keys.push(key),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function issueWith(
  { issuer, sign, now }: Signer,
  claimOverrides: Payload = {},
  answerOverrides: Payload = {},
): Answer {
  return async (received, response) => {
    const { form } = received
    const { sub, aud } = readPayload(form.get('subject_token') ?? '')
    const audience = form.getAll('audience')
    const nowS = Math.floor(now() / 1000)
    const claims = {
      iss: issuer,
      sub,
      aud: audience.length > 0 ? audience : aud,
      iat: nowS,
      exp: nowS + 300,
      jti: `ntrtte:${randomUUID()}`,
      sid: 'session-1',
      scope: form.get('scope') ?? '',
      ...claimOverrides,
    }
    const answer = {
      access_token: await sign(claims),
      expires_in: 300,
      token_type: 'Bearer',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: claims.scope,
      ...answerOverrides,
    }
    await json(200, answer)(received, response)
  }
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return raw(status, 'application/json', JSON.stringify(body), headers)
}

export function raw(
  status: number,
  contentType: string,
  body: string,
  headers: Record<string, string> = {},
): Answer {
  return (_received, response) => {
    response.writeHead(status, { 'content-type': contentType, ...headers }).end(body)
  }
}

export function refusal(status: number, error: string, description = ''): Answer {
  return json(status, { error, error_description: description })
}

export function reset(): Answer {
  return (_received, response) => void response.socket?.resetAndDestroy()
}

async function receive(request: IncomingMessage): Promise<ReceivedRequest> {
  let body = ''
  for await (const chunk of request) body += chunk
  const { method = '', url = '', headers } = request
  return { method, path: url, headers, body, form: new URLSearchParams(body) }
}

function readPayload(token: string): Payload {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}
