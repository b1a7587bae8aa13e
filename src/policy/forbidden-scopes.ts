import type { LlamaStackPolicy } from './llama-stack/route-access-rule.ts'
import type { ScopeRules } from './route-policy.ts'
import type { PolicyFile } from './route-rule.ts'

/**
 * Scope tokens that a policy names and ALLOWED_SCOPES or DENIED_SCOPES forbids, sorted. That may be meant, but is more
 * often forgotten: such a route is refused for ever.
 */
export function findForbiddenScopes(
  policyFile: PolicyFile | undefined,
  llamaStack: LlamaStackPolicy | undefined,
  scopeRules: ScopeRules,
): readonly string[] {
  const isMissed = (scope: string) => !scopeRules.isAllowed(scope) && !LOGIN_SCOPES.has(scope)
  return namedScopes(policyFile, llamaStack).filter(isMissed)
}

/** Every scope token that a route of either policy wants, sorted. */
export function namedScopes(
  policyFile: PolicyFile | undefined,
  llamaStack: LlamaStackPolicy | undefined,
): readonly string[] {
  const named = [
    ...(policyFile?.routes ?? []).flatMap(({ scopes }) => scopes ?? []),
    ...(llamaStack === undefined ? [] : wantedScopes(llamaStack)),
  ]
  return [...new Set(named)].sort()
}

/** Every login brings them (OpenID Connect Core §5.4): nobody has to ask for them. */
const LOGIN_SCOPES: ReadonlySet<string> = new Set(['openid', 'profile', 'email'])

function wantedScopes({ rules, claimsMapping }: LlamaStackPolicy): readonly string[] {
  const attribute = claimsMapping.get('scope')
  return rules
    .filter((rule) => rule.effect === 'permit')
    .flatMap((rule) => rule.conditions)
    .flatMap((one) =>
      one.kind === 'attribute' && one.isWanted && one.attribute === attribute ? [one.value] : [],
    )
}
