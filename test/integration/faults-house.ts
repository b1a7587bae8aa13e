import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import type { Test } from 'tap'
import { REQUESTER } from '../support/demo-servers.ts'
import { exchangeRaw } from '../support/raw-http.ts'
import type { RunningScopelift } from '../support/scopelift.ts'
import { startScopelift } from '../support/scopelift.ts'
import type { SigningKey, TokenEndpoint } from '../support/token-endpoint.ts'
import { createSigningKey, startTokenEndpoint } from '../support/token-endpoint.ts'
import type { Handle, Upstream } from '../support/upstream.ts'
import { readAll, requireScope, startUpstream } from '../support/upstream.ts'

export const SCOPE = 'llama:agent_create'
const DENIED = /^HTTP\/1\.1 403 Forbidden\r\nWWW-Authenticate: [\s\S]*denied\n/

/** The network in front of a server: a port that can be shut and opened again. */
interface Gate {
  readonly url: string
  readonly connections: number
  shut(): Promise<void>
  open(): Promise<void>
}

export interface FaultsHouse {
  readonly endpoint: TokenEndpoint
  readonly gate: Gate
  readonly upstream: Upstream
  readonly scopelift: RunningScopelift
  /** A token of the realm, by default for a `sub` of its own. */
  subject(claims?: Readonly<Record<string, unknown>>): Promise<string>
  /** POSTs to a path that nobody has learned, by default with a token of its own. */
  call(token?: string, path?: string): Promise<Answered>
  /** What `/readyz` says is wrong, as one text. */
  problems(): Promise<string>
  gauge(name: string): Promise<number>
}

export interface Answered {
  readonly status: number
  readonly outcome: string | undefined
  readonly reason: unknown
  readonly retryAfter: number | undefined
  /** Whether the upstream's own denial came back, head and body. */
  readonly isOriginalDenial: boolean
  readonly text: string
}

const KEY = createSigningKey('first', 'RS256')

const protectedHandle: Handle = async (req, res, seen) => {
  await readAll(req, seen)
  if (requireScope(req, res, SCOPE)) res.end('granted')
}

/** The real application before an upstream that wants a scope, and behind a gate an endpoint that fails as it is told. */
export async function buildFaultsHouse(
  t: Test,
  options: {
    readonly env?: Readonly<Record<string, string>>
    readonly handle?: Handle
    /** Where Keycloak is called, in place of the gate. */
    readonly keycloakUrl?: string
    readonly endpoint?: TokenEndpoint
    readonly upstreamUrl?: string
  } = {},
): Promise<FaultsHouse> {
  const endpoint = options.endpoint ?? (await startEndpoint(t))
  const gate = await startGate(t, Number(endpoint.tokenEndpoint.port))
  const upstream = await startUpstream(t, options.handle ?? protectedHandle)
  const scopelift = await startScopelift(t, {
    upstreamUrl: options.upstreamUrl ?? upstream.url,
    authorizationServer: { url: options.keycloakUrl ?? gate.url, realm: 'test' },
    env: {
      KEYCLOAK_ISSUER: endpoint.issuer,
      EXCHANGE_TIMEOUT_MS: '500',
      UPSTREAM_HEADERS_TIMEOUT_MS: '1000',
      ...options.env,
    },
  })
  let count = 0
  const unique = () => {
    count += 1
    return count
  }
  async function subject(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const nowS = Math.floor(Date.now() / 1000)
    const own = { iss: endpoint.issuer, sub: `user-${unique()}`, aud: [REQUESTER], iat: nowS }
    return endpoint.sign({ ...own, exp: nowS + 300, scope: 'openid', ...claims })
  }
  return {
    endpoint,
    gate,
    upstream,
    scopelift,
    subject,
    async call(token, path = `/${unique()}`) {
      const bearer = token ?? (await subject())
      const text = await exchangeRaw(
        scopelift.url,
        `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${bearer}\r\nContent-Length: 2\r\n\r\n{}`,
      )
      return readAnswer(text, scopelift)
    },
    async problems() {
      return (await fetch(`${scopelift.adminUrl}/readyz`)).text()
    },
    async gauge(name) {
      const text = await (await fetch(`${scopelift.adminUrl}/metrics`)).text()
      return Number(new RegExp(`^scopelift_${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
    },
  }
}

export async function startEndpoint(t: Test, key?: SigningKey): Promise<TokenEndpoint> {
  const endpoint = await startTokenEndpoint(key ?? (await KEY))
  t.teardown(() => endpoint.close())
  return endpoint
}

function readAnswer(text: string, scopelift: RunningScopelift): Answered {
  const outcome = /\r\nscopelift-outcome: ([a-z-]+)\r\n/.exec(text)?.[1]
  const retryAfter = /\r\nretry-after: (\d+)\r\n/.exec(text)?.[1]
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0),
    outcome,
    reason: outcome === 'forwarded' ? undefined : scopelift.audit.at(-1)?.['reason'],
    retryAfter: retryAfter === undefined ? undefined : Number(retryAfter),
    isOriginalDenial: DENIED.test(text),
    text,
  }
}

export async function startGate(t: Test, targetPort: number): Promise<Gate> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    const target = connect(targetPort, '127.0.0.1')
    for (const [one, other] of [
      [socket, target],
      [target, socket],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  async function open(port = 0): Promise<void> {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  async function shut(): Promise<void> {
    if (!server.listening) return
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  }
  await open()
  t.teardown(shut)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    get connections() {
      return connections
    },
    shut,
    open: () => open(port),
  }
}
