/** The one word that says how a request ended: a log field, a metric label, a response header, a test name. */
export const OUTCOMES = [
  'forwarded',
  'preempted',
  'stepped-up',
  'reissued',
  'no-subject-token',
  'denial-too-large',
  'no-hint',
  'scope-not-allowed',
  'subject-token-unusable',
  'body-not-replayable',
  'exchange-refused',
  'scope-not-granted',
  'exchange-unavailable',
  'replay-denied',
  'upstream-unavailable',
] as const

export type Outcome = (typeof OUTCOMES)[number]
