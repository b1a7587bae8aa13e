import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { createInterface } from 'node:readline'
import { isJsonObject } from '../../../src/json-object.ts'
import type { Identity } from '../identities.ts'

/** A caller that reads an event stream. */
export interface ReadStream {
  /** From the request to the first event; the same from the upstream's writing of it. */
  readonly firstEventMs: number
  readonly firstTransitMs: number
  readonly events: number
  /** What was wrong with what came. */
  readonly defects: readonly string[]
  /** Resolves when the stream has ended; whether its last event was the upstream's last. */
  readonly ended: Promise<boolean>
  leave(): void
}

const FIRST_EVENT_DEADLINE_MS = 60_000
const AGENT = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY })

/** Resolves with the first event; rejects where none comes in a minute. */
export async function openStream(url: string, { token, marker }: Identity): Promise<ReadStream> {
  const startedAt = performance.now()
  const signal = AbortSignal.timeout(FIRST_EVENT_DEADLINE_MS)
  const sent = get(url, { agent: AGENT, headers: { authorization: `Bearer ${token}` } })
  // After the head an error shows as a stream that ends early.
  sent.on('error', () => undefined)
  const [answer] = await once(sent, 'response', { signal })
  const defects: string[] = []
  if (answer.statusCode !== 200) defects.push(`status ${answer.statusCode}`)
  let events = 0
  let hasLast = false
  let firstTransitMs = Number.NaN
  const lines = createInterface({ input: answer })
  lines.on('error', () => undefined)
  const first = once(lines, 'line', { signal })
  const ended = new Promise<boolean>((resolve) => lines.once('close', () => resolve(hasLast)))
  lines.on('line', (line) => {
    if (!line.startsWith('data: ')) return
    const event: unknown = JSON.parse(line.slice('data: '.length))
    if (!isJsonObject(event)) return
    if (event['marker'] !== marker) defects.push("another caller's event")
    if (event['count'] !== events) defects.push(`event ${events} is missing`)
    if (events === 0) firstTransitMs = performance.now() - Number(event['sentAt'])
    events += 1
    hasLast = event['isLast'] === true
  })
  await first
  return {
    firstEventMs: performance.now() - startedAt,
    firstTransitMs,
    get events() {
      return events
    },
    defects,
    ended,
    leave: () => sent.destroy(),
  }
}
