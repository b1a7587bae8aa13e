import { createHash } from 'node:crypto'
import type { Agent } from 'node:http'
import { sha256Of } from '../bodies.ts'
import type { Ending, Upload } from '../call.ts'
import { call } from '../call.ts'
import type { Identity } from '../identities.ts'
import type { Random } from '../random.ts'
import { answerTo, GUARDED_PREFIX } from './plain-upstream.ts'

export interface PlainCall {
  readonly id: string
  readonly ending: Ending
  /** A whole 200 with the caller's own answer in it. */
  readonly isRight: boolean
  readonly startedAt: number
  readonly endedAt: number
}

/** One of the ordinary requests: read or written, open or guarded, quick or slow. Never rejects. */
export async function callPlainly(options: {
  readonly id: string
  readonly url: string
  readonly random: Random
  readonly identity: Identity
  readonly agent: Agent
  readonly longestDelayMs: number
  /** Whether a slow answer may be slow in the middle of its body. */
  readonly hasSlowBodies: boolean
  readonly deadlineMs: number
}): Promise<PlainCall> {
  const { id, url, random, identity, agent, deadlineMs } = options
  const upload = random.chance(0.3) ? drawUpload(random) : undefined
  const delayMs = random.chance(0.3) ? random.whole(0, options.longestDelayMs) : 0
  const startedAt = performance.now()
  const ending = await call({
    url,
    method: upload === undefined ? 'GET' : 'POST',
    path: random.chance(0.5) ? `${GUARDED_PREFIX}/${random.whole(1, 20)}` : '/v1/models',
    headers: {
      authorization: `Bearer ${identity.token}`,
      'x-soak-id': id,
      'x-soak-delay-ms': String(delayMs),
      'x-soak-delay-in': options.hasSlowBodies && random.chance(0.3) ? 'body' : 'head',
    },
    agent,
    upload,
    deadlineMs,
  })
  const stretch = upload?.stretch ?? { offset: 0, bytes: 0 }
  const expected = createHash('sha256')
    .update(answerTo(id, sha256Of(stretch)))
    .digest('hex')
  const isRight =
    ending.kind === 'answered' &&
    ending.status === 200 &&
    ending.isWhole &&
    ending.sha256 === expected
  return { id, ending, isRight, startedAt, endedAt: performance.now() }
}

function drawUpload(random: Random): Upload {
  const bytes = random.whole(1, 300_000)
  return {
    stretch: { offset: random.whole(0, 1_000_000), bytes },
    isChunked: random.chance(0.5),
    pieceBytes: random.whole(Math.ceil(bytes / 20), bytes),
    pauseMs: random.chance(0.2) ? random.whole(1, 10) : 0,
  }
}

/** In words, for a list of what went wrong. */
export function describeCall({ id, ending }: PlainCall): string {
  switch (ending.kind) {
    case 'answered':
      return `${id}: ${ending.status}, ${ending.isWhole ? 'whole' : 'broken off'}`
    case 'failed':
      return `${id}: ${ending.code}`
    default:
      return `${id}: ${ending.kind}`
  }
}
