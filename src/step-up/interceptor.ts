import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { CallDispatchOptions } from '../call.ts'
import { isCallDispatch } from '../call.ts'
import type { Wanted } from '../policy/decide.ts'
import { decidePreemption } from '../policy/decide.ts'
import type { Route } from '../policy/route-policy.ts'
import type { SubjectToken } from '../subject-token.ts'
import { withBearer } from './bearer.ts'
import { BearerlessHandler } from './bearerless-handler.ts'
import { FirstAttemptHandler } from './first-attempt-handler.ts'
import type { ReplayBody } from './replay-body.ts'
import { createReplayBody } from './replay-body.ts'
import { createSettledController } from './settled-controller.ts'
import type { Credential, Issued, StepUp, StepUpOptions } from './step-up.ts'
import { startExchange } from './step-up.ts'

/**
 * The undici interceptor that is Scopelift: a denied request is replayed with an issued token, and a request whose needs
 * are known beforehand goes out with one at once. A dispatch without a `call` passes untouched.
 */
export function createStepUp(options: StepUpOptions): Dispatcher.DispatcherComposeInterceptor {
  return function stepUpInterceptor(dispatch) {
    return function stepUpDispatch(dispatchOptions, handler) {
      if (!isCallDispatch(dispatchOptions)) return dispatch(dispatchOptions, handler)
      const { call } = dispatchOptions
      if (call.subject === undefined) {
        return dispatch(dispatchOptions, new BearerlessHandler(call, handler))
      }
      return begin(prepare(options, dispatch, dispatchOptions, handler, call.subject))
    }
  }
}

function prepare(
  options: StepUpOptions,
  dispatch: Dispatcher.Dispatch,
  dispatchOptions: CallDispatchOptions,
  downstream: Dispatcher.DispatchHandler,
  subject: SubjectToken,
): StepUp {
  const { call, body } = dispatchOptions
  const { claims } = subject
  const rules = options.rules()
  const route = rules.routes.find(call.method, call.path, claims)
  return {
    tokens: options.tokens,
    learning: options.learning,
    now: options.now,
    dispatch,
    options: dispatchOptions,
    downstream,
    call,
    subject,
    circumstances: { method: call.method, path: call.path, claims, route },
    rules,
    replayBody: body instanceof Readable ? record(options, subject, route, body) : undefined,
  }
}

/** A body is recorded only where it may be needed again: memory is for tokens that can be exchanged. */
function record(
  { tokens, replayMemory }: StepUpOptions,
  subject: SubjectToken,
  route: Route | undefined,
  source: Readable,
): ReplayBody | undefined {
  if (route?.isReplayable === false || tokens.whyUnusable(subject) !== undefined) return undefined
  if (!tokens.isAuthentic(subject)) void tokens.authenticate(subject)
  const isAuthentic = () => tokens.isAuthentic(subject)
  const name = subject.claims?.sub ?? subject.digest
  const lease = replayMemory.lease({ name, isAuthentic })
  return createReplayBody({ source, lease })
}

function begin(stepUp: StepUp): boolean {
  const { call, subject, circumstances, rules, tokens, learning } = stepUp
  const learned = learning.recall(subject, call.method, call.path)
  const wanted = decidePreemption(circumstances, learned, rules)
  if (wanted === undefined || tokens.whyUnusable(subject) !== undefined) {
    return send(stepUp, { kind: 'own' })
  }
  const token = tokens.peek({ subject, ...wanted })
  if (token !== undefined) {
    return send(stepUp, { kind: 'issued', wanted, token, exchangeMs: undefined })
  }
  preempt(stepUp, wanted).catch((error: unknown) => {
    stepUp.replayBody?.close()
    const cause = error instanceof Error ? error : new Error('pre-emption failed')
    stepUp.downstream.onResponseError?.(createSettledController([]), cause)
  })
  return true
}

async function preempt(stepUp: StepUp, wanted: Wanted): Promise<void> {
  const result = await startExchange(stepUp, wanted).result
  if (stepUp.call.isAbandoned) return stepUp.replayBody?.close()
  if (result.kind !== 'issued') {
    // It may want a scope that the user has no more, and the request another one.
    if (result.kind === 'refused' && result.outcome === 'scope-not-granted') {
      stepUp.learning.forget(stepUp.subject, stepUp.call.method, stepUp.call.path)
    }
    send(stepUp, { kind: 'own-after-failure', wanted, failure: result })
    return
  }
  send(stepUp, { kind: 'issued', wanted, token: result.token, exchangeMs: result.exchangeMs })
}

function send(stepUp: StepUp, credential: Credential): boolean {
  const { options, replayBody, call, dispatch } = stepUp
  const token = credential.kind === 'issued' ? credential.token : undefined
  call.issued = token
  if (credential.kind === 'issued') settlePreempted(stepUp, credential)
  if (token === undefined && replayBody === undefined) {
    return dispatch(options, new FirstAttemptHandler(stepUp, credential))
  }
  const headers = token === undefined ? options.headers : withBearer(options.headers, token)
  const body =
    replayBody === undefined
      ? options.body
      : Readable.from(replayBody.first(), { objectMode: false })
  return dispatch({ ...options, headers, body }, new FirstAttemptHandler(stepUp, credential))
}

function settlePreempted({ call, circumstances }: StepUp, { wanted, exchangeMs }: Issued): void {
  call.settle({
    outcome: 'preempted',
    route: circumstances.route?.label ?? call.path,
    scopesNeeded: wanted.scopes,
    ...(exchangeMs === undefined ? {} : { exchangeMs, addedMs: exchangeMs }),
  })
}
