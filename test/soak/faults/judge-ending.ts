import { sha256Of } from '../bodies.ts'
import type { Ending } from '../call.ts'
import type { Identity } from '../identities.ts'
import type { Attempt, Entry } from './ledger.ts'
import type { Plan } from './plan.ts'

/** What is wrong with the way a request ended, or `undefined`; `race`: a connection that the upstream closed without a word. */
export type Finding = { readonly kind: 'defect' | 'race'; readonly sentence: string } | undefined

export function judgeEnding(entry: Entry, identity: Identity | undefined, ending: Ending): Finding {
  const { plan } = entry
  const sentence =
    judgeAttempts(entry, identity) ??
    (plan.isAnonymous && entry.attempts.length > 1
      ? 'a request without a token was sent twice'
      : undefined) ??
    judgeAnswer(entry, ending)
  if (sentence === undefined) return undefined
  const isRace = sentence === BAD_GATEWAY
  return {
    kind: isRace ? 'race' : 'defect',
    sentence: `${plan.id}: ${sentence} ${inShort(entry, ending)}`,
  }
}

const BAD_GATEWAY = '502 without a fault of the upstream'

/** Only this caller's tokens, at most two attempts, and every body whole or not at all. */
function judgeAttempts({ plan, attempts }: Entry, identity: Identity | undefined) {
  if (attempts.length > 2) return `${attempts.length} attempts`
  if (attempts.some(({ marker }) => marker !== identity?.marker)) return "another caller's token"
  const upload = plan.upload
  if (upload === undefined) return undefined
  const expected = sha256Of(upload.stretch)
  const wrong = attempts.find(({ sha256 }) => sha256 !== undefined && sha256 !== expected)
  return wrong === undefined
    ? undefined
    : `a body of ${wrong.bytes} instead of ${upload.stretch.bytes} bytes`
}

function judgeAnswer({ plan, attempts }: Entry, ending: Ending): string | undefined {
  switch (ending.kind) {
    case 'left':
      return undefined
    case 'late':
      return 'it hung past its deadline'
    case 'failed':
      return `no answer: ${ending.code}`
    case 'answered':
      return judgeStatus(plan, attempts.at(-1), ending)
  }
}

type Answer = Extract<Ending, { kind: 'answered' }>

function judgeStatus(plan: Plan, last: Attempt | undefined, answer: Answer): string | undefined {
  const { status, headers } = answer
  const outcome = String(headers['scopelift-outcome'])
  const isHit =
    plan.fault !== undefined &&
    last !== undefined &&
    (plan.faultHits === 'denied') === last.isDenied
  const fromUpstream = headers['x-soak']
  if (fromUpstream !== undefined && headers['x-soak-id'] !== plan.id) return "another's answer"
  if (fromUpstream === 'granted') return judgeGranted(plan, last, answer)
  if (fromUpstream === 'denied') return judgeDenied(plan, last, answer, outcome)
  if (fromUpstream === 'fault') return isHit ? undefined : 'a fault that was not planned'
  switch (status) {
    case 502:
      return mayBreak(plan, isHit) ? undefined : BAD_GATEWAY
    case 504:
      return isHit && plan.fault === 'stall' ? undefined : '504 without a stall'
    case 503:
      return outcome === 'exchange-unavailable' && headers['retry-after'] !== undefined
        ? undefined
        : '503 without its reason'
    default:
      return `status ${status} from nobody`
  }
}

/** A connection that ends behind an early decision may take the decision with it. */
function mayBeCut({ decidesAfterBytes, afterEarly, fault }: Plan): boolean {
  return decidesAfterBytes !== undefined && (afterEarly !== 'read-on' || fault === 'close')
}

const BREAKING = ['reset', 'garbage', 'half-head', 'truncated']

function mayBreak(plan: Plan, isHit: boolean): boolean {
  return (isHit && BREAKING.includes(plan.fault ?? '')) || mayBeCut(plan)
}

function judgeGranted(plan: Plan, last: Attempt | undefined, answer: Answer): string | undefined {
  if (last?.isDenied === true) return 'granted without the scope'
  if (!answer.isWhole) return mayBeCut(plan) ? undefined : 'an answer that is not whole'
  return answer.sha256 === sha256Of(plan.answer.stretch) ? undefined : 'an answer that is another'
}

function judgeDenied(
  plan: Plan,
  last: Attempt | undefined,
  answer: Answer,
  outcome: string,
): string | undefined {
  if (last?.isDenied !== true) return 'denied with the scope'
  const allowed = outcomesOf(plan)
  if (!allowed.includes(outcome)) return `a denial as ${outcome}`
  return answer.isWhole || plan.denial === 'broken' || mayBeCut(plan)
    ? undefined
    : 'a denial that is not whole'
}

/** What keeps a granted answer away: refusals of Keycloak under its faults, and a body that cannot be sent twice. */
function outcomesOf(plan: Plan): readonly string[] {
  if (plan.isAnonymous) return ['no-subject-token', 'upstream-unavailable']
  const kept = ['exchange-refused', 'scope-not-granted', 'body-not-replayable', 'replay-denied']
  const broken = ['upstream-unavailable']
  switch (plan.denial) {
    case 'challenge':
    case 'json':
      return [...kept, ...(plan.decidesAfterBytes === undefined ? [] : broken)]
    case 'mute':
      return ['no-hint', ...kept, ...broken]
    case 'large':
      return ['denial-too-large', ...broken]
    case 'foreign':
      return ['scope-not-allowed', ...broken]
    case 'broken':
      return broken
  }
}

function inShort({ plan, attempts }: Entry, ending: Ending): string {
  const answer = ending.kind === 'answered' ? ending : undefined
  return JSON.stringify({
    ...plan,
    attempts: attempts.map(({ isDenied, bytes, sha256 }) => ({
      isDenied,
      bytes,
      isRead: sha256 !== undefined,
    })),
    status: answer?.status,
    bytes: answer?.bytes,
    isWhole: answer?.isWhole,
    outcome: answer?.headers['scopelift-outcome'],
  })
}
