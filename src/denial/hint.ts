/** What a denial says about the scopes that are missing. */
export interface Hint {
  readonly kind: 'insufficient-scope' | 'invalid-token' | 'other' | 'none'
  /** Deduplicated and sorted; empty where none was named. */
  readonly scopes: readonly string[]
  /** `any`: one of them is enough (some upstreams list alternatives). */
  readonly mode: 'all' | 'any'
  /** Which tier spoke, for the audit line. */
  readonly source:
    | 'challenge'
    | 'oauth-json'
    | 'structured-field'
    | 'llama-stack-scope'
    | 'llama-stack-any-of'
    | 'mcp-description'
    | 'llama-stack-route'
    | 'none'
  /** Whether an `error` parameter stood in the challenge: an `other` with one never steps up. */
  readonly hasErrorCode: boolean
  /** The path that a route refusal of Llama Stack names. */
  readonly route?: string
}

export type { RawHeaders } from '../raw-headers.ts'
