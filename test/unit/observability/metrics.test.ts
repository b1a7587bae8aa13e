import t from 'tap'
import { EXCHANGE_RESULTS } from '../../../src/observability/exchange-result.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { OUTCOMES } from '../../../src/observability/outcome.ts'

t.test('every outcome and result is there from the start, at zero', async (t) => {
  const lines = (await createMetrics().render()).split('\n')
  for (const outcome of OUTCOMES) {
    t.ok(lines.includes(`scopelift_requests_total{outcome="${outcome}"} 0`), outcome)
  }
  for (const result of EXCHANGE_RESULTS) {
    t.ok(lines.includes(`scopelift_exchanges_total{result="${result}"} 0`), result)
  }
})

t.test('requests and exchanges are counted, and reading does not change the counts', async (t) => {
  const metrics = createMetrics()
  for (let n = 0; n < 3; n++) metrics.countRequest('stepped-up')
  metrics.countRequest('forwarded')
  metrics.observeExchange('issued', 30)
  await metrics.render()
  metrics.countRequest('forwarded')
  const lines = (await metrics.render()).split('\n')
  t.ok(lines.includes('scopelift_requests_total{outcome="stepped-up"} 3'))
  t.ok(lines.includes('scopelift_requests_total{outcome="forwarded"} 2'))
  t.ok(lines.includes('scopelift_exchanges_total{result="issued"} 1'))
})

t.test('durations are given in milliseconds and shown in seconds', async (t) => {
  const metrics = createMetrics()
  metrics.observeExchange('unavailable', 30)
  metrics.observeAdded(3)
  const lines = (await metrics.render()).split('\n')
  t.ok(lines.includes('scopelift_exchange_duration_seconds_sum 0.03'))
  t.ok(lines.includes('scopelift_exchange_duration_seconds_bucket{le="0.025"} 0'))
  t.ok(lines.includes('scopelift_exchange_duration_seconds_bucket{le="0.05"} 1'))
  t.ok(lines.includes('scopelift_added_duration_seconds_sum 0.003'))
})

t.test('gauges read the components when they are asked', async (t) => {
  const metrics = createMetrics()
  t.match(await metrics.render(), /^scopelift_cache_entries 0$/m)
  let entries = 1
  metrics.watch({ cacheEntries: () => entries, isBreakerOpen: () => true })
  metrics.watch({ replayBytes: () => 5, openUpgrades: () => 6, problems: () => 7 })
  entries = 2
  const text = await metrics.render()
  t.match(text, /^scopelift_cache_entries 2$/m)
  t.match(text, /^scopelift_breaker_open 1$/m)
  t.match(text, /^scopelift_replay_bytes 5$/m)
  t.match(text, /^scopelift_open_upgrades 6$/m)
  t.match(text, /^scopelift_problems 7$/m)
})

t.test("the process's own metrics are there too, and each set stands by itself", async (t) => {
  const [one, other] = [createMetrics(), createMetrics()]
  one.countRequest('no-hint')
  t.match(await one.render(), /^process_resident_memory_bytes \d+$/m)
  t.match(await one.render(), /^nodejs_eventloop_lag_seconds /m)
  t.match(await other.render(), /^scopelift_requests_total\{outcome="no-hint"\} 0$/m)
})
