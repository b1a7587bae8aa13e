import type { Problems } from './problems.ts'

/** Resolves to a sentence when the peer cannot be reached, else to `undefined`. */
export type Probe = (signal: AbortSignal) => Promise<string | undefined>

type PeerName = 'keycloak' | 'upstream'

export interface ReadinessOptions {
  readonly problems: Pick<Problems, 'list'>
  /** Only these are probed, and only these can turn the answer into a 503. */
  readonly requires: readonly PeerName[]
  readonly probes: Readonly<Record<PeerName, Probe>>
  /** Longest wait for one probe; its signal is then aborted and the peer counts as unreachable. */
  readonly probeTimeoutMs: number
  /** Monotonic, in milliseconds. */
  readonly now: () => number
}

interface ReadinessReport {
  readonly status: 'ok' | 'degraded'
  readonly problems: readonly string[]
  /** Whether every required peer can be reached. */
  readonly isReady: boolean
}

/** Never rejects. */
export type Readiness = () => Promise<ReadinessReport>

/** A result is kept this long, and one probe serves all who ask meanwhile: a storm of questions never reaches the peers. */
const PROBE_TTL_MS = 1000

export function createReadiness(options: ReadinessOptions): Readiness {
  const { problems, requires, probes } = options
  const required = requires.map((name) => shareProbe(name, probes[name], options))
  return async () => {
    const answers = await Promise.all(required.map((ask) => ask()))
    const unreachable = answers.filter((answer) => answer !== undefined)
    const sentences = [...new Set([...problems.list(), ...unreachable])]
    return {
      status: sentences.length === 0 ? 'ok' : 'degraded',
      problems: sentences,
      isReady: unreachable.length === 0,
    }
  }
}

function shareProbe(
  name: PeerName,
  probe: Probe,
  { probeTimeoutMs, now }: ReadinessOptions,
): () => Promise<string | undefined> {
  let flight: Promise<string | undefined> | undefined
  let expiresAtMs = 0
  return () => {
    if (flight !== undefined && now() < expiresAtMs) return flight
    expiresAtMs = Number.POSITIVE_INFINITY
    flight = runProbe(name, probe, probeTimeoutMs).finally(() => {
      expiresAtMs = now() + PROBE_TTL_MS
    })
    return flight
  }
}

async function runProbe(
  name: PeerName,
  probe: Probe,
  timeoutMs: number,
): Promise<string | undefined> {
  const deadline = new AbortController()
  const { promise: late, cancel } = startDeadline(name, timeoutMs)
  try {
    return await Promise.race([probe(deadline.signal), late])
  } catch {
    return `${name} cannot be reached`
  } finally {
    cancel()
    deadline.abort()
  }
}

function startDeadline(
  name: PeerName,
  timeoutMs: number,
): { promise: Promise<string>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined
  const promise = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`${name} did not answer within ${timeoutMs} ms`), timeoutMs)
    timer.unref()
  })
  return { promise, cancel: () => clearTimeout(timer) }
}
