import type { Test } from 'tap'
import type { AuthorizationServer } from '../../demo/authorization-server/start-authorization-server.ts'
import { startDemoRealm } from '../support/demo-servers.ts'
import { exchangeRaw } from '../support/raw-http.ts'
import type { RunningScopelift } from '../support/scopelift.ts'
import { startScopelift } from '../support/scopelift.ts'
import { scopesOf } from '../support/upstream.ts'
import type { StrictRequest } from './strict-request-reader.ts'
import { valuesOf } from './strict-request-reader.ts'
import type { StrictAnswers, StrictUpstream } from './strict-upstream.ts'
import { answerOf, startStrictUpstream } from './strict-upstream.ts'

export const SCOPE = 'llama:agent_create'
export const CHALLENGE = `WWW-Authenticate: Bearer error="insufficient_scope", scope="${SCOPE}"`
/** A path on which every upstream of this house answers at once, whatever else a test makes it do. */
const FINE_PATH = '/fine'

export interface House {
  readonly authorizationServer: AuthorizationServer
  readonly upstream: StrictUpstream
  readonly scopelift: RunningScopelift
  alice(): Promise<string>
  /** Sends octets on a connection of their own and reads to its end. */
  send(request: string): Promise<string>
  /** Nothing is left of what was before: memory, tunnels, connections; nothing odd went upstream, and the next request is fine. */
  assertSound(why: string): Promise<void>
}

/** The real application between raw sockets on both sides and the stand-in for Keycloak. */
export async function build(
  t: Test,
  answers: StrictAnswers,
  env: Readonly<Record<string, string>> = {},
): Promise<House> {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startStrictUpstream(t, {
    onHead(request, socket) {
      if (request.target !== FINE_PATH) answers.onHead?.(request, socket)
    },
    onEnd(request, socket) {
      if (request.target === FINE_PATH) socket.write(answerOf('200 OK', 'fine'))
      else answers.onEnd?.(request, socket)
    },
  })
  const scopelift = await startScopelift(t, {
    upstreamUrl: upstream.url,
    authorizationServer,
    env: { EXCHANGES_PER_MINUTE: '0', ...env },
  })
  const send = (request: string) => exchangeRaw(scopelift.url, request)
  return {
    authorizationServer,
    upstream,
    scopelift,
    alice: () => authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' }),
    send,
    async assertSound(why) {
      await until(async () => (await gauge(scopelift, 'replay_bytes')) === 0, `${why}: memory`)
      await until(async () => (await gauge(scopelift, 'open_upgrades')) === 0, `${why}: tunnels`)
      t.same(upstream.violations(), [], `${why}: what went upstream is well-formed`)
      const answer = await send(`GET ${FINE_PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      t.match(answer, /^HTTP\/1\.1 200 [\s\S]*fine$/, `${why}: the next request is fine`)
    },
  }
}

/** Whether the bearer of a request holds the scope that `CHALLENGE` names. */
export function isElevated({ lines }: StrictRequest): boolean {
  return scopesOf(valuesOf(lines, 'authorization')[0]).includes(SCOPE)
}

/** A number out of `/metrics`, by its name without the prefix. */
export async function gauge(scopelift: RunningScopelift, name: string): Promise<number> {
  const text = await (await fetch(`${scopelift.adminUrl}/metrics`)).text()
  return Number(new RegExp(`^scopelift_${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

const PATIENCE_MS = 15_000
const INTERVAL_MS = 10

/** Waits for a state that must come by itself; a state that does not come is the failure. */
export async function until(isMet: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = AbortSignal.timeout(PATIENCE_MS)
  while (!(await isMet())) {
    if (deadline.aborted) throw new Error(`never came: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))
  }
}
