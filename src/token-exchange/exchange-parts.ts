import type { Dispatcher } from 'undici'
import type { ExchangeResultLabel } from '../observability/exchange-result.ts'
import type { Problems } from '../observability/problems.ts'
import type { ScopeRules } from '../policy/route-policy.ts'
import type { ClientAuthenticationMethod } from './authentication-method.ts'
import { createBudget } from './budget.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { createCircuitBreaker } from './circuit-breaker.ts'
import type { ClientAuthentication } from './client-authentication.ts'
import type { Exchange } from './exchange.ts'
import { createExchange } from './exchange.ts'
import type { ExchangeClient } from './exchange-client.ts'
import { createExchangeClient } from './exchange-client.ts'
import type { ExchangeFaults } from './exchange-faults.ts'
import { createExchangeFaults } from './exchange-faults.ts'
import type { ExchangeLog } from './exchange-log.ts'
import { createRealmKeys } from './realm-keys.ts'
import type { Refusals } from './refusals.ts'
import { createRefusals } from './refusals.ts'
import type { ReissueLimit } from './reissue-limit.ts'
import { createReissueLimit } from './reissue-limit.ts'
import { createScopePlan } from './scope-plan.ts'
import type { TokenCache } from './token-cache.ts'
import { createTokenCache } from './token-cache.ts'
import type { TokenVerifier } from './token-verifier.ts'
import { createTokenVerifier } from './token-verifier.ts'

export interface IssuedTokensOptions {
  /** KEYCLOAK_ISSUER, compared with `iss` byte for byte; may differ from the host that is called. */
  readonly issuer: string
  readonly tokenEndpoint: URL
  readonly jwksUri: URL
  readonly clientId: string
  readonly authentication: ClientAuthentication
  /** For the words of a fault. */
  readonly authMethod: ClientAuthenticationMethod
  /** Reads the file of the client's secret, key or assertion again; whether it changed. */
  readonly refreshSecret: () => Promise<boolean>
  /** Not closed here. */
  readonly dispatcher: Dispatcher
  /** For one exchange with all that belongs to it: key set, second tries, bodies. */
  readonly timeoutMs: number
  readonly scopeRules: ScopeRules
  readonly cache: { readonly maxEntries: number; readonly maxTtlMs: number }
  /** 0: no limit. */
  readonly budget: { readonly perMinute: number; readonly perSecond: number }
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly monotonicNow: () => number
  readonly log: ExchangeLog
  readonly problems: Problems
  /** The breaker has opened, or a call has closed it. */
  readonly onBreaker: (state: 'open' | 'closed') => void
  /** Once for each exchange, however many wait for it; not for what is remembered. */
  readonly onExchange: (result: ExchangeResultLabel, ms: number) => void
}

export interface ExchangeParts {
  readonly exchange: Exchange
  readonly client: ExchangeClient
  readonly verifier: TokenVerifier
  readonly breaker: CircuitBreaker
  readonly cache: TokenCache
  readonly refusals: Refusals
  readonly reissues: ReissueLimit
  readonly faults: ExchangeFaults
}

/** Makes the parts of the exchange and gives each what it needs. */
export function createExchangeParts(options: IssuedTokensOptions): ExchangeParts {
  const { monotonicNow, log, problems, scopeRules } = options
  const { maxEntries, maxTtlMs } = options.cache
  const breaker = createCircuitBreaker({
    monotonicNow,
    onChange: options.onBreaker,
  })
  const keys = createRealmKeys({ ...options, breaker })
  const verifier = createTokenVerifier({ keys, maxEntries })
  const client = createExchangeClient({ ...options, breaker })
  const budget = createBudget({ ...options.budget, monotonicNow })
  const plan = createScopePlan({ scopeRules, monotonicNow })
  return {
    exchange: createExchange({ ...options, client, verifier, budget, plan }),
    client,
    verifier,
    breaker,
    cache: createTokenCache({ maxEntries, maxTtlMs, monotonicNow }),
    refusals: createRefusals({ maxEntries, monotonicNow }),
    reissues: createReissueLimit({ maxEntries, monotonicNow }),
    faults: createExchangeFaults({ ...options, log, problems }),
  }
}
