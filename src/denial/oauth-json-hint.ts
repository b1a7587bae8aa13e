import type { Hint } from './hint.ts'
import type { JsonBody } from './json-body.ts'
import { parseScopeTokens } from './scope-tokens.ts'

/** An OAuth error as a JSON body: `error` at the top level, in the shape of RFC 6749 §5.2, with the `scope` of RFC 6750 §3. */
export function readOAuthJson(members: JsonBody['members']): Hint | undefined {
  const { error, scope } = members
  const hint = { mode: 'all', source: 'oauth-json', hasErrorCode: false } as const
  switch (error) {
    case 'invalid_token':
      return { ...hint, kind: 'invalid-token', scopes: [] }
    case 'insufficient_scope': {
      const scopes = typeof scope === 'string' ? parseScopeTokens(scope) : []
      return { ...hint, kind: 'insufficient-scope', scopes }
    }
    default:
      return undefined
  }
}
