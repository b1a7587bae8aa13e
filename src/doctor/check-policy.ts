import { findForbiddenScopes, namedScopes } from '../policy/forbidden-scopes.ts'
import type { PolicyMistake } from '../policy/policy-mistake.ts'
import type { ScopeRules } from '../policy/route-policy.ts'
import { finding, listNames } from './finding.ts'
import type { ReadPolicies } from './read-policies.ts'
import type { AddFinding } from './report.ts'

export interface CheckPolicyOptions {
  readonly policies: ReadPolicies
  readonly policyFile: string | undefined
  readonly llamaStackConfig: string | undefined
  readonly scopeRules: ScopeRules
  readonly add: AddFinding
}

const MAX_LISTED = 20

/** What both files say, and whether the settings let it happen. Returns the scopes that may be asked for, sorted. */
export function checkPolicy(options: CheckPolicyOptions): readonly string[] {
  const { policies, policyFile, llamaStackConfig, scopeRules, add } = options
  if (policyFile === undefined && llamaStackConfig === undefined) add(finding('policy-absent', {}))
  reportPolicyFile(policies, policyFile ?? '', add)
  reportLlamaStack(policies, llamaStackConfig ?? '', add)
  const forbidden = findForbiddenScopes(policies.policyFile, undefined, scopeRules)
  for (const scope of forbidden) add(finding('scope-forbidden', { scope }))
  for (const scope of findForbiddenScopes(undefined, policies.llamaStack, scopeRules)) {
    add(finding('llama-stack-scope-forbidden', { scope }))
  }
  const scopes = namedScopes(policies.policyFile, policies.llamaStack)
  const allowed = scopes.filter(scopeRules.isAllowed)
  if (allowed.length > 0 && forbidden.length === 0) {
    add(finding('policy-scopes-allowed', { scopes: listNames(allowed.slice(0, MAX_LISTED)) }))
  }
  return allowed
}

function reportPolicyFile(
  { policyFile, policyFileMistakes }: ReadPolicies,
  file: string,
  add: AddFinding,
): void {
  for (const mistake of policyFileMistakes)
    add(finding('policy-file-broken', located(file, mistake)))
  if (policyFile) add(finding('policy-file-valid', { count: String(policyFile.routes.length) }))
}

function reportLlamaStack(
  { llamaStack, llamaStackMistakes }: ReadPolicies,
  file: string,
  add: AddFinding,
): void {
  for (const mistake of llamaStackMistakes)
    add(finding('llama-stack-config-broken', located(file, mistake)))
  if (llamaStack === undefined) return
  if (llamaStack.warnings.length === 0) {
    add(finding('llama-stack-config-valid', { count: String(llamaStack.rules.length) }))
  }
  for (const warning of llamaStack.warnings) {
    add(finding('llama-stack-rule-untranslated', { file, warning }))
  }
}

function located(file: string, { line, reason }: PolicyMistake) {
  return { file, line: String(line), reason }
}
