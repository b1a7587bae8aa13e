import type { TokenClaims } from '../subject-token.ts'

/** What the operator's policy says of one request. */
export interface Route {
  /** Names the rule in logs and metrics, e.g. `POST /v1/agents/:agent_id/session` or `LLAMA_STACK_CONFIG rule 3`. */
  readonly label: string
  readonly need: Need
  /** Whether the scopes are asked for before the request is sent. */
  readonly preempt: boolean
  /** In place of KEYCLOAK_AUDIENCE; `undefined`: that one. Sorted. */
  readonly audience: readonly string[] | undefined
  /** `false`: the handler has effects before it refuses, so the request is never sent twice. */
  readonly isReplayable: boolean
}

export type Need =
  /** These scope tokens, all of them; sorted, every one allowed. */
  | { readonly kind: 'scopes'; readonly scopes: readonly string[] }
  /** The policy names no scope here, or the caller's claims are enough already. */
  | { readonly kind: 'nothing' }
  /** Scopes would help, but ALLOWED_SCOPES or DENIED_SCOPES forbids them. */
  | { readonly kind: 'not-allowed'; readonly scopes: readonly string[] }
  /** No scope can heal a refusal here: a role is missing, or a `forbid` stands first. */
  | { readonly kind: 'unhealable'; readonly reason: string }

export interface RoutePolicy {
  /** `path` is canonical (see canonical-path.ts); `claims` of the caller's own token, `undefined` if it is no JWT. */
  find(method: string, path: string, claims: TokenClaims | undefined): Route | undefined
  /** Any-of preference of the operator, most wanted first. */
  readonly prefer: readonly string[]
}

/** ALLOWED_SCOPES and DENIED_SCOPES as one judgement. */
export interface ScopeRules {
  isAllowed(scope: string): boolean
  /** Denied outright (also as an extra scope in an issued token); not the same as merely not allowed. */
  isDenied(scope: string): boolean
}
