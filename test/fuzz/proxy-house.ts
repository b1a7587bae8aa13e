import type { AuthorizationServer } from '../../demo/authorization-server/start-authorization-server.ts'
import type { StrictAnswers, StrictUpstream } from '../conformance/strict-upstream.ts'
import { startStrictUpstream } from '../conformance/strict-upstream.ts'
import type { Teardown } from '../support/demo-servers.ts'
import { startDemoRealm } from '../support/demo-servers.ts'
import { connectRaw } from '../support/raw-http.ts'
import type { RunningScopelift } from '../support/scopelift.ts'
import { startScopelift } from '../support/scopelift.ts'

export interface ProxyHouse {
  readonly authorizationServer: AuthorizationServer
  readonly upstream: StrictUpstream
  readonly scopelift: RunningScopelift
  /** A token of its own for each call. */
  alice(): Promise<string>
}

export async function buildProxy(
  t: Teardown,
  answers: StrictAnswers,
  env: Readonly<Record<string, string>> = {},
): Promise<ProxyHouse> {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startStrictUpstream(t, answers)
  const scopelift = await startScopelift(t, {
    upstreamUrl: upstream.url,
    authorizationServer,
    env: { EXCHANGES_PER_MINUTE: '0', EXCHANGES_PER_SECOND: '0', LOG_LEVEL: 'warn', ...env },
  })
  return {
    authorizationServer,
    upstream,
    scopelift,
    alice: () => authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' }),
  }
}

/** How long nothing may happen before a message that may be unfinished is given up by its sender. */
const SILENCE_MS = 60
/** What must come at all comes within this. */
const DEADLINE_MS = 10_000

/** Sends octets and reads until the peer closes, or until it has been silent: then we leave. */
export async function converse(url: string, octets: string): Promise<string> {
  const connection = await connectRaw(url)
  const { socket, write } = connection
  const timer = setTimeout(() => socket.destroy(), SILENCE_MS)
  socket.on('data', () => timer.refresh())
  write(octets)
  const received = await connection.ended()
  clearTimeout(timer)
  return received
}

/** Waits for what must become true by itself. */
export async function eventually(isMet: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  for (;;) {
    if (await isMet()) return true
    if (deadline.aborted) return false
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** No memory for replays and no tunnel is left. */
export async function hasNoLeak({ adminUrl }: RunningScopelift): Promise<boolean> {
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
  return /^scopelift_replay_bytes 0$/m.test(metrics) && /^scopelift_open_upgrades 0$/m.test(metrics)
}
