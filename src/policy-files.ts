import type { Rules } from './policy/decide.ts'
import type { ScopeRules } from './policy/route-policy.ts'
export function watchPolicy(_o: unknown) {
  return {
    rules: (o: { scopeRules: ScopeRules; maxScopes: number; audience: readonly string[] }): Rules => ({
      routes: { find: () => undefined, prefer: [] },
      scopes: o.scopeRules, maxScopes: o.maxScopes, audience: o.audience }),
    close() {},
  }
}
