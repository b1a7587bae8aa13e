import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ExchangeResultLabel } from './exchange-result.ts'
import { EXCHANGE_RESULTS } from './exchange-result.ts'
import type { Outcome } from './outcome.ts'
import { OUTCOMES } from './outcome.ts'

/** What is read from the components whenever the metrics are asked for; each must be cheap and must not throw. */
interface GaugeReadings {
  readonly cacheEntries: () => number
  readonly replayBytes: () => number
  readonly openUpgrades: () => number
  readonly isBreakerOpen: () => boolean
  readonly problems: () => number
}

export interface Metrics {
  /** For every proxied request, once; no more than an addition. */
  countRequest(outcome: Outcome): void
  /** For every exchange that Keycloak was or would have been asked for, once; not for each request that waited for it. */
  observeExchange(result: ExchangeResultLabel, durationMs: number): void
  /** What a caller waited more than a plain relay would have made it wait. */
  observeAdded(durationMs: number): void
  /** Sets where gauges read their values; may be called more than once, for different ones. */
  watch(readings: Partial<GaugeReadings>): void
  readonly contentType: string
  /** Prometheus' text format 0.0.4. The process's own metrics are taken from the first call on. */
  render(): Promise<string>
}

const EXCHANGE_BUCKETS_S = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const ADDED_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export function createMetrics(): Metrics {
  const registry = new Registry()
  const requests = createCounts(OUTCOMES)
  const exchanges = createCounts(EXCHANGE_RESULTS)
  registerCounter(registry, 'requests', 'Proxied requests by outcome', 'outcome', requests)
  registerCounter(registry, 'exchanges', 'Token exchanges by result', 'result', exchanges)
  const exchangeDuration = new Histogram({
    name: 'scopelift_exchange_duration_seconds',
    help: 'Time of one token exchange',
    buckets: EXCHANGE_BUCKETS_S,
    registers: [registry],
  })
  const addedDuration = new Histogram({
    name: 'scopelift_added_duration_seconds',
    help: 'Time that a request waited beyond a plain relay',
    buckets: ADDED_BUCKETS_S,
    registers: [registry],
  })
  const readings = registerGauges(registry)
  let isProcessWatched = false
  return {
    countRequest(outcome) {
      requests[outcome] += 1
    },
    observeExchange(result, durationMs) {
      exchanges[result] += 1
      exchangeDuration.observe(durationMs / 1000)
    },
    observeAdded: (durationMs) => addedDuration.observe(durationMs / 1000),
    watch: (more) => void Object.assign(readings, more),
    contentType: registry.contentType,
    render() {
      // Its observers cost a little all the time: a process that nobody scrapes does not pay for them.
      if (!isProcessWatched) collectDefaultMetrics({ register: registry })
      isProcessWatched = true
      return registry.metrics()
    },
  }
}

function createCounts<L extends string>(labels: readonly L[]): Record<L, number>
function createCounts(labels: readonly string[]): Record<string, number> {
  return Object.fromEntries(labels.map((label) => [label, 0]))
}

/** The hot path adds to plain numbers; the counter takes them over when it is read. */
function registerCounter(
  registry: Registry,
  noun: string,
  help: string,
  labelName: string,
  counts: Readonly<Record<string, number>>,
): void {
  new Counter({
    name: `scopelift_${noun}_total`,
    help,
    labelNames: [labelName],
    registers: [registry],
    collect() {
      this.reset()
      for (const [label, count] of Object.entries(counts)) this.inc({ [labelName]: label }, count)
    },
  })
}

function registerGauges(registry: Registry): Partial<GaugeReadings> {
  const readings: Partial<GaugeReadings> = {}
  const add = (name: string, help: string, read: () => number | undefined) => {
    new Gauge({
      name: `scopelift_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read() ?? 0)
      },
    })
  }
  add('cache_entries', 'Issued tokens in memory', () => readings.cacheEntries?.())
  add('replay_bytes', 'Memory in use for replay bodies', () => readings.replayBytes?.())
  add('open_upgrades', 'Open tunnels (WebSocket)', () => readings.openUpgrades?.())
  add('breaker_open', '1 while exchanges are held back from Keycloak', () =>
    Number(readings.isBreakerOpen?.() ?? false),
  )
  add('problems', 'Problems that /readyz shows', () => readings.problems?.())
  return readings
}
