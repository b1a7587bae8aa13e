import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { bytesOf } from '../bodies.ts'
import type { Plan } from './plan.ts'

/** What is written into a denial, so that a caller can tell whose it is. */
export const DENIAL_TEXT = 'denied by the upstream\n'
const FOREIGN_SCOPE = 'payroll:write'
const LARGE_BYTES = 100_000

export async function grant({ id, answer, method }: Plan, res: ServerResponse): Promise<void> {
  const { stretch, isChunked, pieceBytes, pauseMs } = answer
  const length = isChunked ? {} : { 'content-length': String(stretch.bytes) }
  res.writeHead(200, { 'x-soak-id': id, 'x-soak': 'granted', ...length })
  const body = bytesOf(stretch)
  const closed = once(res, 'close').catch(() => undefined)
  for (let at = 0; at < body.length && !res.destroyed && method !== 'HEAD'; at += pieceBytes) {
    const hasRoom = res.write(body.subarray(at, at + pieceBytes))
    if (!hasRoom) await Promise.race([once(res, 'drain').catch(() => undefined), closed])
    if (pauseMs > 0) await wait(pauseMs)
  }
  res.end()
}

export async function deny(plan: Plan, res: ServerResponse): Promise<void> {
  const head = { 'x-soak-id': plan.id, 'x-soak': 'denied' }
  const challenge = `Bearer error="insufficient_scope", scope="${plan.scope}"`
  switch (plan.denial) {
    case 'challenge':
      res.writeHead(403, { ...head, 'www-authenticate': challenge })
      return end(res, DENIAL_TEXT)
    case 'json':
      res.writeHead(403, { ...head, 'content-type': 'application/json' })
      return end(res, JSON.stringify({ error: 'insufficient_scope', scope: plan.scope }))
    case 'mute':
      res.writeHead(403, head)
      return end(res, DENIAL_TEXT)
    case 'large':
      res.writeHead(403, head)
      return end(res, DENIAL_TEXT.repeat(LARGE_BYTES / DENIAL_TEXT.length))
    case 'foreign':
      res.writeHead(403, {
        ...head,
        'www-authenticate': challenge.replace(String(plan.scope), FOREIGN_SCOPE),
      })
      return end(res, DENIAL_TEXT)
    case 'broken':
      res.writeHead(403, { ...head, 'content-length': '4096' })
      res.write(DENIAL_TEXT, () => res.destroy())
  }
}

/** Resolves when the answer has left, so that what the upstream does next comes after it. */
async function end(res: ServerResponse, text: string): Promise<void> {
  const closed = once(res, 'close').catch(() => undefined)
  res.end(text)
  await Promise.race([once(res, 'finish').catch(() => undefined), closed])
}
