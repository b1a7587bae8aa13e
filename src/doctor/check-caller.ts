import { checkStepUp } from './check-step-up.ts'
import type { CheckSubjectOptions } from './check-subject.ts'
import { checkSubject } from './check-subject.ts'
import { checkToken, reportUsable } from './check-token.ts'
import type { Sample } from './obtain-sample.ts'
import { obtainSample } from './obtain-sample.ts'

export interface CheckCallerOptions extends Omit<CheckSubjectOptions, 'subject'> {
  readonly sample: Sample
  /** Else a token can be read, but not exchanged. */
  readonly isClientGood: boolean
}

/** The caller's token, and what the step-up of each route would give it. Whether it could be exchanged. */
export async function checkCaller(options: CheckCallerOptions): Promise<boolean> {
  const { sample, tokenEndpoint, facts, isClientGood, add } = options
  const subject = await obtainSample(sample, tokenEndpoint, add)
  if (subject === undefined) return false
  const token = { subject, ...facts, isClientGood, nowMs: options.now(), add }
  const isExchangeable = checkToken(token)
  if (!isExchangeable || !isClientGood) return false
  const probe = await checkSubject({ ...options, subject })
  if (probe === undefined) return false
  reportUsable(token)
  await checkStepUp({ ...options, subject, probe })
  return true
}
