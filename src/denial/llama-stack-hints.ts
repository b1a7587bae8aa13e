import { isJsonObject } from '../json-object.ts'
import { isScopeToken } from '../scope-token.ts'
import type { Hint } from './hint.ts'
import type { JsonBody } from './json-body.ts'
import { collectScopeTokens } from './scope-tokens.ts'

/** Llama Stack 0.2.16 to 0.2.24. */
const REQUIRED_SCOPE = 'Access denied: user does not have required scope: '

/** Llama Stack since 0.5.0, and OGX. A path has no white space here: prose after it must not become a part of it. */
const ROUTE_REFUSAL = /^Access denied: insufficient permissions for route (\/[^\s\p{C}]{0,2047})$/u

/** Forks of Llama Stack that check scopes. */
const ANY_OF = /^Insufficient OAuth2 scopes for [A-Za-z0-9_-]+ API\. Required: (.+)$/

const HINT = { kind: 'insufficient-scope', mode: 'all', hasErrorCode: false } as const

/**
 * The refusals of Llama Stack's own middleware: a sentence that is the whole of `error.message` or `error.detail`.
 * Nothing is searched for inside a text: handlers relay what providers, users and models have written.
 */
export function readLlamaStackHints(status: number, members: JsonBody['members']): readonly Hint[] {
  return llamaStackTexts(members).flatMap(({ name, text }) => {
    const hint =
      readRouteRefusal(text) ??
      (status === 403 ? readRequiredScope(text) : undefined) ??
      (status === 401 && name === 'message' ? readAnyOf(text) : undefined)
    return hint === undefined ? [] : [hint]
  })
}

/** The texts of Llama Stack's envelope `{"error":{"message":…}}`, or with `detail`; other members may stand beside them. */
export function llamaStackTexts({ error }: JsonBody['members']): readonly {
  readonly name: 'message' | 'detail'
  readonly text: string
}[] {
  if (!isJsonObject(error)) return []
  const { message, detail } = error
  return [
    ...(typeof message === 'string' ? [{ name: 'message', text: message } as const] : []),
    ...(typeof detail === 'string' ? [{ name: 'detail', text: detail } as const] : []),
  ]
}

function readRequiredScope(text: string): Hint | undefined {
  const scope = text.slice(REQUIRED_SCOPE.length)
  if (!text.startsWith(REQUIRED_SCOPE) || !isScopeToken(scope)) return undefined
  return { ...HINT, scopes: collectScopeTokens([scope]), source: 'llama-stack-scope' }
}

function readRouteRefusal(text: string): Hint | undefined {
  const route = ROUTE_REFUSAL.exec(text)?.[1]
  return route === undefined
    ? undefined
    : { ...HINT, scopes: [], source: 'llama-stack-route', route }
}

function readAnyOf(text: string): Hint | undefined {
  const scopes = ANY_OF.exec(text)?.[1]?.split(', ')
  // Here the comma separates, so a token that holds one is as likely two tokens.
  if (!scopes?.every((scope) => isScopeToken(scope) && !scope.includes(','))) return undefined
  return { ...HINT, scopes: collectScopeTokens(scopes), mode: 'any', source: 'llama-stack-any-of' }
}
