import { isScopeToken } from '../scope-token.ts'
import type { Hint } from './hint.ts'
import type { DenialChallenges } from './oauth-challenges.ts'
import { hasError } from './oauth-challenges.ts'
import type { Challenge } from './parse-challenges.ts'
import { collectScopeTokens, parseScopeTokens } from './scope-tokens.ts'

/** What the MCP Python SDK and FastMCP say in place of a `scope` parameter. */
const DESCRIPTION = 'Required scope: '

/** What the challenges say, `undefined` where there is none. Scopes are those of one challenge, never a union. */
export function readHeaderHint(challenges: DenialChallenges): Hint | undefined {
  if (challenges.count === 0) return undefined
  // A Bearer challenge goes before a DPoP one: it is the scheme that we can answer.
  const candidates = [...challenges.bearer, ...challenges.dpop]
  const { hasErrorCode } = challenges
  if (candidates.some((challenge) => hasError(challenge, 'invalid_token'))) {
    return { kind: 'invalid-token', scopes: [], mode: 'all', source: 'challenge', hasErrorCode }
  }
  const refusal = candidates.find((challenge) => hasError(challenge, 'insufficient_scope'))
  if (refusal !== undefined) return readInsufficientScope(refusal)
  const scope = candidates.map(scopeOf).find((value) => value !== undefined)
  const scopes = parseScopeTokens(scope ?? '')
  return { kind: 'other', scopes, mode: 'all', source: 'challenge', hasErrorCode }
}

function readInsufficientScope(challenge: Challenge): Hint {
  const hint = { kind: 'insufficient-scope', mode: 'all', hasErrorCode: true } as const
  const scope = scopeOf(challenge)
  if (scope !== undefined) {
    return { ...hint, scopes: parseScopeTokens(scope), source: 'challenge' }
  }
  const described = describedScope(challenge.parameters.get('error_description') ?? '')
  return described === undefined
    ? { ...hint, scopes: [], source: 'challenge' }
    : { ...hint, scopes: collectScopeTokens([described]), source: 'mcp-description' }
}

function scopeOf(challenge: Challenge): string | undefined {
  return challenge.parameters.get('scope')
}

function describedScope(description: string): string | undefined {
  const scope = description.slice(DESCRIPTION.length)
  return description.startsWith(DESCRIPTION) && isScopeToken(scope) ? scope : undefined
}
