import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { CallDispatchOptions, Settlement } from '../../../src/call.ts'
import { Call } from '../../../src/call.ts'
import type { Rules } from '../../../src/policy/decide.ts'
import type { Route } from '../../../src/policy/route-policy.ts'
import { createStepUp } from '../../../src/step-up/interceptor.ts'
import type { Learning } from '../../../src/step-up/learning.ts'
import { createLearning } from '../../../src/step-up/learning.ts'
import type { ReplayMemory } from '../../../src/step-up/replay-memory.ts'
import { createReplayMemory } from '../../../src/step-up/replay-memory.ts'
import type { SubjectToken } from '../../../src/subject-token.ts'
import type { FakeClock } from '../../support/clock.ts'
import { createClock } from '../../support/clock.ts'
import type { Attempt } from './attempt.ts'
import { createAttempt } from './attempt.ts'
import type { FakeCaller } from './fake-caller.ts'
import { createCaller } from './fake-caller.ts'
import type { FakeTokens } from './fake-tokens.ts'
import { createTokens, subjectWith } from './fake-tokens.ts'

export interface HouseOptions {
  /** Scopes of the caller's token; `undefined`: the caller has no bearer token. */
  readonly held?: string | undefined
  readonly route?: Partial<Route>
  readonly maxScopes?: number
  readonly audience?: readonly string[]
  readonly prefer?: readonly string[]
  readonly replay?: { readonly maxBytes: number; readonly totalBytes: number }
}

export interface CallDraft {
  /** In place of the house's. */
  readonly subject?: SubjectToken
  readonly method?: string
  readonly path?: string
  readonly body?: Buffer | Readable | null
  readonly upgrade?: string
  /** Called before the caller takes a final head; it may throw, as the relay does at a head that it cannot write. */
  readonly onHead?: () => void
  /** From this attempt on, dispatching throws. */
  readonly failsFrom?: number
}

/** One call on its way: what the upstream was sent, and what the caller got. */
export interface Visit {
  readonly call: Call
  readonly caller: FakeCaller
  /** In the order in which they were dispatched. */
  readonly attempts: readonly Attempt[]
  readonly settlements: readonly Settlement[]
  /** The n-th attempt; it must have been dispatched. */
  attempt(index: number): Attempt
}

export interface House {
  readonly interceptor: Dispatcher.DispatcherComposeInterceptor
  readonly tokens: FakeTokens
  readonly learning: Learning
  readonly memory: ReplayMemory
  readonly clock: FakeClock
  readonly subject: SubjectToken | undefined
  visit(draft?: CallDraft): Visit
}

const ROUTE: Route = {
  label: 'the route',
  need: { kind: 'nothing' },
  preempt: true,
  audience: undefined,
  isReplayable: true,
}

/** The interceptor with all that it needs, and neither a network nor Keycloak: the test plays the upstream. */
export function createHouse(options: HouseOptions = {}): House {
  const held = 'held' in options ? options.held : 'openid llama:held'
  const ownSubject = held === undefined ? undefined : subjectWith(held)
  const tokens = createTokens()
  const clock = createClock()
  const learning = createLearning({ maxTokens: 10, now: clock.now })
  const memory = createReplayMemory(options.replay ?? { maxBytes: 1 << 20, totalBytes: 1 << 24 })
  const stepUp = createStepUp({
    tokens,
    rules: () => rulesOf(options),
    learning,
    replayMemory: memory,
    now: clock.now,
  })

  function visit(draft: CallDraft = {}): Visit {
    const { method = 'POST', path = '/v1/things', body = null, subject = ownSubject } = draft
    const settlements: Settlement[] = []
    const call = new Call({
      requestId: 'r-1',
      method,
      path,
      subject,
      startedAt: clock.now(),
      onSettled: (_call, settlement) => settlements.push(settlement),
    })
    const caller = createCaller(call, draft.onHead)
    const attempts: Attempt[] = []
    const dispatch = stepUp((attemptOptions, handler) => {
      if (attempts.length === draft.failsFrom) throw new Error('cannot be dispatched')
      attempts.push(createAttempt(attemptOptions, handler))
      return true
    })
    const dispatchOptions: CallDispatchOptions & Dispatcher.DispatchOptions = {
      origin: 'http://upstream.test',
      method,
      path,
      headers: subject === undefined ? ['x-a', '1'] : linesOf(subject),
      body,
      call,
      ...(draft.upgrade === undefined ? {} : { upgrade: draft.upgrade }),
    }
    dispatch(dispatchOptions, caller.handler)
    return {
      call,
      caller,
      attempts,
      settlements,
      attempt(index) {
        const attempt = attempts[index]
        if (attempt === undefined) throw new Error(`attempt ${index} was not dispatched`)
        return attempt
      },
    }
  }

  return { interceptor: stepUp, tokens, learning, memory, clock, subject: ownSubject, visit }
}

function rulesOf(options: HouseOptions): Rules {
  const route: Route | undefined =
    options.route === undefined ? undefined : { ...ROUTE, ...options.route }
  return {
    routes: { find: () => route, prefer: options.prefer ?? [] },
    scopes: {
      isAllowed: (scope) => scope.startsWith('llama:') && scope !== 'llama:admin',
      isDenied: (scope) => scope === 'llama:admin',
    },
    maxScopes: options.maxScopes ?? 4,
    audience: options.audience ?? ['api'],
  }
}

function linesOf(subject: SubjectToken): string[] {
  return ['x-a', '1', 'Authorization', `bearer ${subject.token.expose()}`, 'X-B', '2']
}

/** A body as the relay hands it over: a stream of bytes that may be destroyed. */
export function streamOf(...chunks: readonly string[]): Readable {
  return Readable.from(
    chunks.map((chunk) => Buffer.from(chunk)),
    { objectMode: false },
  )
}

/** Until every promise that can move has moved. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
