import { pino } from 'pino'
import { Agent } from 'undici'
import type { IssuedToken } from '../../../src/issued-token.ts'
import type { Problems } from '../../../src/observability/problems.ts'
import { createProblems } from '../../../src/observability/problems.ts'
import { createSecret } from '../../../src/secret.ts'
import type { ExchangeRequest, ExchangeResult } from '../../../src/step-up/issued-tokens.ts'
import type { SubjectToken } from '../../../src/subject-token.ts'
import { createSubjectTokenReader } from '../../../src/subject-token.ts'
import { clientSecretBasic } from '../../../src/token-exchange/client-secret.ts'
import type { IssuedTokensOptions } from '../../../src/token-exchange/exchange-parts.ts'
import type { ExchangedTokens } from '../../../src/token-exchange/issued-tokens.ts'
import { createIssuedTokens } from '../../../src/token-exchange/issued-tokens.ts'
import type { TokenEndpoint } from '../../support/token-endpoint.ts'
import { createSigningKey, startTokenEndpoint } from '../../support/token-endpoint.ts'

export interface Clock {
  now(): number
  monotonicNow(): number
  advance(ms: number): void
}

export interface Harness {
  readonly endpoint: TokenEndpoint
  readonly tokens: ExchangedTokens
  readonly clock: Clock
  readonly problems: Problems
  /** All that was logged, as pino prints it. */
  readonly printed: string[]
  /** What `onBreaker` was told. */
  readonly breaker: string[]
  /** What `onExchange` was told. */
  readonly results: string[]
  /** A token of the realm for `alice` that lives 300 s, with these claims laid over. */
  subject(claims?: Readonly<Record<string, unknown>>): Promise<SubjectToken>
  obtain(request: ExchangeRequest, signal?: AbortSignal): Promise<ExchangeResult>
}

interface Scope {
  teardown(end: () => Promise<unknown>): void
}

export const SECRET = 'correct+horse%battery'
const sharedKey = createSigningKey('first', 'RS256')

export async function createHarness(
  t: Scope,
  overrides: Partial<IssuedTokensOptions> = {},
): Promise<Harness> {
  const clock = createClock()
  const endpoint = await startTokenEndpoint(await sharedKey, clock.now)
  const dispatcher = new Agent()
  t.teardown(() => dispatcher.destroy())
  t.teardown(() => endpoint.close())
  const printed: string[] = []
  const results: string[] = []
  const breaker: string[] = []
  const problems = createProblems()
  const tokens = createIssuedTokens({
    issuer: endpoint.issuer,
    tokenEndpoint: endpoint.tokenEndpoint,
    jwksUri: endpoint.jwksUri,
    clientId: 'requester',
    authentication: clientSecretBasic({
      clientId: 'requester',
      secret: () => createSecret(SECRET),
    }),
    authMethod: 'client_secret_basic',
    refreshSecret: async () => false,
    dispatcher,
    timeoutMs: 5000,
    scopeRules: { isAllowed: () => true, isDenied: (scope) => scope.endsWith(':admin') },
    cache: { maxEntries: 100, maxTtlMs: 300_000 },
    budget: { perMinute: 0, perSecond: 0 },
    now: clock.now,
    monotonicNow: clock.monotonicNow,
    log: pino({ level: 'debug' }, { write: (line: string) => void printed.push(line) }),
    problems,
    onBreaker: (state) => void breaker.push(state),
    onExchange: (result) => void results.push(result),
    ...overrides,
  })
  const read = createSubjectTokenReader({ maxEntries: 100 })
  return {
    endpoint,
    tokens,
    clock,
    problems,
    printed,
    results,
    breaker,
    subject: async (claims) => mint(endpoint, clock, read, claims),
    obtain: (request, signal = new AbortController().signal) => tokens.obtain(request, signal),
  }
}

export function requestFor(
  subject: SubjectToken,
  scopes: readonly string[] = ['llama:read'],
  overrides: Partial<ExchangeRequest> = {},
): ExchangeRequest {
  return { subject, scopes, audience: ['llama'], namedBy: 'operator', ...overrides }
}

/** The token of a result that must be `issued`. */
export function tokenOf(result: ExchangeResult): IssuedToken {
  if (result.kind === 'issued') return result.token
  throw new Error(`${result.kind}: ${result.reason}`)
}

/** The result's words without its duration, e.g. `refused exchange-refused budget`. */
export function wordsOf(result: ExchangeResult): string {
  if (result.kind === 'issued') return 'issued'
  if (result.kind === 'refused') return `refused ${result.outcome} ${result.reason}`
  return `unavailable ${result.reason} ${result.retryAfterS}`
}

export function createClock(): Clock {
  const startMs = Date.now()
  let passedMs = 0
  return {
    now: () => startMs + passedMs,
    monotonicNow: () => 1_000_000 + passedMs,
    advance: (ms) => {
      passedMs += ms
    },
  }
}

async function mint(
  endpoint: TokenEndpoint,
  clock: Clock,
  read: (authorization: string) => SubjectToken | undefined,
  claims: Readonly<Record<string, unknown>> = {},
): Promise<SubjectToken> {
  const nowS = Math.floor(clock.now() / 1000)
  const defaults = { iss: endpoint.issuer, sub: 'alice', aud: ['requester'], exp: nowS + 300 }
  const token = await endpoint.sign({ ...defaults, ...claims })
  const subject = read(`Bearer ${token}`)
  if (subject === undefined) throw new Error('the reader takes what the endpoint signs')
  return subject
}
