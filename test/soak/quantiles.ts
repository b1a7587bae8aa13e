/** Median, 95th and 99th percentile and the greatest, in milliseconds. */
export function describeTimes(timesMs: readonly number[]): string {
  const sorted = [...timesMs].sort((one, other) => one - other)
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, max ${at(1)} ms`
}
