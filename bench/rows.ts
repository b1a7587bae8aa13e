import { EVENT, EVENTS } from './programs/events-wanted.ts'
import { ANSWER } from './upstream/answers.ts'

/** One kind of request, and what must become of it. */
export interface Row {
  /** As `--rows` takes it. */
  readonly name: string
  readonly title: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly bodyBytes: number
  /** The ordinary row that it is compared with, in the columns of ratios. */
  readonly base: string
  /** Rows of denials are asked of those who step up. */
  readonly isStepUp: boolean
  /** Each request with a token that nobody has seen. */
  readonly isCold: boolean
  readonly answer: string
  /** What the proxy that steps up calls it in `Scopelift-Outcome`. */
  readonly outcome: string
  readonly upstreamRequests: number
  readonly exchanges: number
}

const KIB = 1024

const GET = {
  method: 'GET',
  bodyBytes: 0,
  base: 'get',
  isStepUp: false,
  isCold: false,
  answer: ANSWER,
  outcome: 'forwarded',
  upstreamRequests: 1,
  exchanges: 0,
} as const
const POST = { ...GET, method: 'POST', bodyBytes: KIB, base: 'post' } as const
const WARM = { isStepUp: true, outcome: 'preempted' } as const
const DENIED = { isStepUp: true, outcome: 'stepped-up', upstreamRequests: 2 } as const

export const ROWS: readonly Row[] = [
  { ...GET, name: 'get', title: 'GET', path: '/free/get' },
  { ...POST, name: 'post', title: 'POST 1 KiB', path: '/free/post' },
  {
    ...POST,
    name: 'post64',
    title: 'POST 64 KiB',
    path: '/free/post64',
    bodyBytes: 64 * KIB,
    base: 'post64',
  },
  {
    ...GET,
    name: 'sse',
    title: `SSE of ${EVENTS} events`,
    path: '/events',
    base: 'sse',
    answer: EVENT.repeat(EVENTS),
  },
  { ...GET, ...WARM, name: 'policy-get', title: 'warm GET, by policy', path: '/guarded/policy' },
  { ...POST, ...WARM, name: 'policy-post', title: 'warm POST, by policy', path: '/guarded/policy' },
  { ...GET, ...WARM, name: 'learned-get', title: 'warm GET, learned', path: '/guarded/learned' },
  { ...POST, ...WARM, name: 'learned-post', title: 'warm POST, learned', path: '/guarded/learned' },
  {
    ...GET,
    ...DENIED,
    name: 'denied-get',
    title: 'denied, then granted GET',
    path: '/guarded/denied',
  },
  {
    ...POST,
    ...DENIED,
    name: 'denied-post',
    title: 'denied, then granted POST',
    path: '/guarded/denied',
  },
  {
    ...GET,
    ...DENIED,
    name: 'cold',
    title: 'cold step-up GET',
    path: '/guarded/cold',
    isCold: true,
    exchanges: 1,
  },
]
