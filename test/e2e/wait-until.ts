import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again and again until the answer is yes; rejects after `timeoutMs`. */
export async function waitUntil(
  what: string,
  timeoutMs: number,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await sleep(500)
  }
}
