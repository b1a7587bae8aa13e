import { Readable } from 'node:stream'
import type { Settlement } from '../call.ts'
import { readHint } from '../denial/read-hint.ts'
import type { IssuedToken } from '../issued-token.ts'
import type { Wanted } from '../policy/decide.ts'
import { withBearer } from './bearer.ts'
import type { HeldDenial } from './held-denial.ts'
import type { ExchangeResult } from './issued-tokens.ts'
import type { Release } from './judge-denial.ts'
import { askedWith, checkSendable, judgeDenial } from './judge-denial.ts'
import { ReplayHandler } from './replay-handler.ts'
import { createSettledController } from './settled-controller.ts'
import type { Credential, Failure, PendingExchange, StepUp } from './step-up.ts'
import { startExchange } from './step-up.ts'
import { answerUnavailable } from './unavailable-answer.ts'

/** Turns one held denial into the caller's answer: the denial itself, the replay's answer, or 503. */
export interface Resolution {
  /** At the head: where the header alone is the hint, the exchange starts while the body still arrives. */
  anticipate(denial: HeldDenial): void
  /** The denial goes to the caller by another way. */
  cancel(): void
  /** At the end of the body. */
  resolve(denial: HeldDenial): void
}

const NO_BODY = Buffer.alloc(0)

export function createResolution(stepUp: StepUp, credential: Credential): Resolution {
  const { call, learning, subject, circumstances, downstream, replayBody } = stepUp
  let anticipated: PendingExchange | undefined

  function anticipate(denial: HeldDenial): void {
    const hint = readHint(denial.status, denial.headers, NO_BODY)
    if (hint.kind !== 'insufficient-scope' || hint.scopes.length === 0) return
    const verdict = judgeDenial(stepUp, credential, denial, hint)
    if (verdict.kind === 'exchange') anticipated = startExchange(stepUp, verdict.wanted)
  }

  async function resolve(denial: HeldDenial): Promise<void> {
    const hint = readHint(denial.status, denial.headers, denial.body())
    const verdict = judgeDenial(stepUp, credential, denial, hint)
    switch (verdict.kind) {
      case 'release':
        return refuse(denial, verdict)
      case 'fail':
        return fail(denial, verdict.wanted, verdict.failure)
      case 'exchange':
        return conclude(denial, verdict.wanted, 'stepped-up', anticipated)
      case 'reissue':
        return conclude(
          denial,
          verdict.wanted,
          'reissued',
          startExchange(stepUp, verdict.wanted, verdict.refused),
        )
    }
  }

  async function conclude(
    denial: HeldDenial,
    wanted: Wanted,
    outcome: 'stepped-up' | 'reissued',
    exchange: PendingExchange | undefined,
  ): Promise<void> {
    const result: ExchangeResult = await (exchange ?? startExchange(stepUp, wanted)).result
    call.onAbandoned = undefined
    const unsendable = checkSendable(stepUp, wanted.scopes)
    if (call.isAbandoned) replayBody?.close()
    else if (result.kind !== 'issued') fail(denial, wanted, result)
    else if (unsendable !== undefined) await refuse(denial, unsendable)
    else {
      const { exchangeMs } = result
      const addedMs = stepUp.now() - call.startedAt
      replay(result.token, wanted, { ...settlement(wanted.scopes), outcome, exchangeMs, addedMs })
    }
  }

  function replay(token: IssuedToken, wanted: Wanted, ending: Settlement): void {
    const { options, dispatch } = stepUp
    call.issued = token
    const body =
      replayBody === undefined
        ? options.body
        : Readable.from(replayBody.replay(), { objectMode: false })
    dispatch(
      { ...options, headers: withBearer(options.headers, token), body },
      new ReplayHandler(stepUp, ending, () => {
        if (circumstances.route?.preempt !== false) learn(wanted.scopes)
      }),
    )
  }

  async function refuse(denial: HeldDenial, verdict: Release): Promise<void> {
    anticipated?.cancel()
    if (verdict.outcome === 'replay-denied') learning.forget(subject, call.method, call.path)
    if (verdict.outcome === 'body-not-replayable') await learnForNextTry(verdict.scopes)
    if (call.isAbandoned) {
      replayBody?.close()
      return
    }
    release(denial, {
      ...settlement(verdict.scopes),
      outcome: verdict.outcome,
      reason: verdict.reason,
    })
  }

  function fail(denial: HeldDenial, wanted: Wanted, failure: Failure): void {
    const { reason, exchangeMs } = failure
    const ending = { ...settlement(wanted.scopes), reason, exchangeMs, addedMs: exchangeMs }
    if (failure.kind === 'refused') {
      release(denial, { ...ending, outcome: failure.outcome })
      return
    }
    call.settle({ ...ending, outcome: 'exchange-unavailable' })
    replayBody?.close()
    answerUnavailable(downstream, failure.retryAfterS)
  }

  function release(denial: HeldDenial, ending: Settlement): void {
    call.settle(ending)
    replayBody?.close()
    const controller = createSettledController(denial.headers)
    denial.release(downstream, controller)
    downstream.onResponseEnd?.(controller, {})
  }

  /** No exchange has shown yet that the token is genuine, and nobody may fill our memory with tokens of his own making. */
  async function learnForNextTry(scopes: readonly string[]): Promise<void> {
    if (await stepUp.tokens.authenticate(subject)) learn(scopes)
  }

  /** Where all of it is too long for a lesson, what this denial has added is one. */
  function learn(scopes: readonly string[]): void {
    const { method, path } = call
    if (learning.remember(subject, method, path, scopes)) return
    const asked = askedWith(credential)
    const news = scopes.filter((scope) => !asked.includes(scope))
    learning.remember(subject, method, path, news)
  }

  function settlement(scopesNeeded: readonly string[]) {
    return { route: circumstances.route?.label ?? call.path, scopesNeeded }
  }

  return {
    anticipate,
    cancel: () => anticipated?.cancel(),
    resolve(denial) {
      resolve(denial).catch((error: unknown) => {
        replayBody?.close()
        const cause = error instanceof Error ? error : new Error('step-up failed')
        downstream.onResponseError?.(createSettledController(denial.headers), cause)
      })
    },
  }
}
