import type { BodyStretch } from '../bodies.ts'
import type { Upload } from '../call.ts'
import type { Random } from '../random.ts'

/** Everything that is to happen to one request, drawn beforehand. */
export interface Plan {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly isAnonymous: boolean
  /** What the route needs; `undefined`: it is open. */
  readonly scope: string | undefined
  readonly denial: Denial
  readonly upload: Upload | undefined
  /** The upstream decides after so many bytes of the body; `undefined`: at its end. */
  readonly decidesAfterBytes: number | undefined
  /** What an early decision does to the rest of the upload. */
  readonly afterEarly: 'read-on' | 'close' | 'reset'
  readonly fault: Fault | undefined
  /** The attempt that the fault hits. */
  readonly faultHits: 'denied' | 'granted'
  readonly answer: PlannedAnswer
  readonly leaves: { readonly afterMs: number } | 'at-head' | undefined
  readonly readPauseMs: number
}

export interface PlannedAnswer {
  readonly stretch: BodyStretch
  readonly isChunked: boolean
  readonly pieceBytes: number
  readonly pauseMs: number
}

/** How the upstream refuses. */
export type Denial = (typeof DENIALS)[number]
const DENIALS = [
  'challenge',
  'json',
  /** No hint: nothing can be done. */
  'mute',
  /** More than is read of a denial. */
  'large',
  /** Names a scope that the policy does not allow. */
  'foreign',
  /** Breaks off in its body. */
  'broken',
] as const

export type Fault = (typeof FAULTS)[number]
const FAULTS = [
  'reset',
  'stall',
  'garbage',
  'half-head',
  'server-error',
  'truncated',
  'interim',
  'close',
  'silent-close',
] as const

// Keycloak does not grant `mcp:get_server_info` to the callers' role: there the denial stands.
const SCOPES = [
  'mcp:list_files',
  'mcp:get_server_info',
  'mcp:health_check',
  'llama:agent_create',
  'llama:inference_chat_completion',
] as const

const KIB = 1024
const LAST_OFFSET = 4 * KIB * KIB

export function drawPlan(id: string, random: Random): Plan {
  const isDenied = random.chance(0.6)
  const scope = isDenied ? random.pick(SCOPES) : undefined
  const hasUpload = random.chance(0.45)
  const upload = hasUpload ? drawUpload(random) : undefined
  return {
    id,
    method: hasUpload ? random.pick(['POST', 'PUT']) : random.pick(['GET', 'DELETE']),
    // Few paths, each of one scope: lessons are learned, and used again.
    path:
      scope === undefined ? '/v1/models' : `/v1/${scope.replace(':', '/')}/${random.whole(1, 4)}`,
    isAnonymous: random.chance(0.04),
    scope,
    denial: drawDenial(random),
    upload,
    decidesAfterBytes:
      upload !== undefined && random.chance(0.3)
        ? random.whole(0, upload.stretch.bytes)
        : undefined,
    afterEarly: random.pick(['read-on', 'read-on', 'close', 'reset']),
    fault: random.chance(0.12) ? drawFault(random) : undefined,
    faultHits: random.pick(['denied', 'granted']),
    answer: drawAnswer(random),
    leaves: random.chance(0.08) ? drawLeave(random) : undefined,
    readPauseMs: random.chance(0.05) ? random.whole(1, 10) : 0,
  }
}

function drawUpload(random: Random): Upload {
  const bytes = random.pick([
    random.whole(1, 2 * KIB),
    random.whole(1, 2 * KIB),
    random.whole(1, 100 * KIB),
    random.chance(0.1) ? random.whole(100 * KIB, 3 * KIB * KIB) : random.whole(1, 64 * KIB),
  ])
  return {
    stretch: { offset: random.whole(0, LAST_OFFSET), bytes },
    isChunked: random.chance(0.5),
    pieceBytes: random.whole(Math.max(1, Math.ceil(bytes / 40)), Math.max(64, bytes)),
    pauseMs: random.chance(0.1) ? random.whole(1, 5) : 0,
  }
}

function drawAnswer(random: Random): PlannedAnswer {
  const bytes = random.chance(0.05) ? random.whole(0, 600 * KIB) : random.whole(0, 8 * KIB)
  return {
    stretch: { offset: random.whole(0, LAST_OFFSET), bytes },
    isChunked: random.chance(0.4),
    pieceBytes: random.whole(Math.max(1, Math.ceil(bytes / 20)), Math.max(64, bytes)),
    pauseMs: random.chance(0.1) ? random.whole(1, 10) : 0,
  }
}

function drawDenial(random: Random): Denial {
  if (random.chance(0.6)) return 'challenge'
  return random.chance(0.5) ? 'json' : random.pick(DENIALS)
}

/** A stalled upstream costs two seconds of a worker: it is drawn less often. */
function drawFault(random: Random): Fault {
  const fault = random.pick(FAULTS)
  return fault === 'stall' && random.chance(0.6) ? 'reset' : fault
}

function drawLeave(random: Random): Plan['leaves'] {
  return random.chance(0.2) ? 'at-head' : { afterMs: random.whole(0, 60) }
}
