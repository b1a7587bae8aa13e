import type { IssuedToken } from '../../../src/issued-token.ts'
import { createSecret } from '../../../src/secret.ts'
import type {
  ExchangeRequest,
  ExchangeResult,
  IssuedTokens,
} from '../../../src/step-up/issued-tokens.ts'
import type { SubjectToken } from '../../../src/subject-token.ts'
import { createSubjectTokenReader } from '../../../src/subject-token.ts'

/** An exchange that has been asked for and is under way until the test lands it. */
export interface Asked {
  readonly request: ExchangeRequest
  /** Set where it is a reissue. */
  readonly used: IssuedToken | undefined
  readonly signal: AbortSignal
  land(result: ExchangeResult): void
  crash(reason: unknown): void
}

export interface FakeTokens extends IssuedTokens {
  readonly asked: readonly Asked[]
  /** Why no token can be exchanged; the test may set it at any time. */
  unusable: string | undefined
  /** Whether their signatures are good. */
  isGenuine: boolean
  /** What the cache holds for every request. */
  cached: IssuedToken | undefined
  /** The only exchange that was asked for. */
  onlyAsked(): Asked
}

export function createTokens(): FakeTokens {
  const asked: Asked[] = []
  function ask(
    request: ExchangeRequest,
    used: IssuedToken | undefined,
    signal: AbortSignal,
  ): Promise<ExchangeResult> {
    return new Promise((land, crash) => {
      asked.push({ request, used, signal, land, crash })
    })
  }
  const tokens: FakeTokens = {
    asked,
    unusable: undefined,
    isGenuine: true,
    cached: undefined,
    onlyAsked() {
      const [first] = asked
      if (first === undefined || asked.length > 1) throw new Error(`${asked.length} exchanges`)
      return first
    },
    whyUnusable: () => tokens.unusable,
    isAuthentic: () => tokens.isGenuine,
    authenticate: async () => tokens.isGenuine,
    peek: () => tokens.cached,
    obtain: (request, signal) => ask(request, undefined, signal),
    reissue: ask,
  }
  return tokens
}

export function issuedToken(name: string, ...scopes: readonly string[]): IssuedToken {
  return {
    accessToken: createSecret(name),
    scopes,
    expiresAt: 2_000_000_000,
    jti: undefined,
    sid: undefined,
  }
}

export function issued(name: string, ...scopes: readonly string[]): ExchangeResult {
  return { kind: 'issued', token: issuedToken(name, ...scopes), exchangeMs: 7 }
}

const readToken = createSubjectTokenReader({ maxEntries: 100 })

/** A caller's token with these scopes. */
export function subjectWith(scope: string, claims: object = {}): SubjectToken {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const payload = { iss: 'https://issuer.test', sub: 'alice', aud: ['api'], scope, ...claims }
  const subject = readToken(`Bearer ${encode({ alg: 'RS256' })}.${encode(payload)}.c2ln`)
  if (subject === undefined) throw new Error('not a bearer token')
  return subject
}
