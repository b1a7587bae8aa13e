import type { Setting } from './setting.ts'

// Scope-token characters of RFC 6749 §3.3; `*` is one of them and stands for any characters in a pattern.
const SCOPE_PATTERN_RULE = {
  pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$',
  reason:
    'must be scope patterns separated by spaces: no quotes, backslashes or characters beyond ASCII',
} as const

export const POLICY_SETTINGS = {
  ALLOWED_SCOPES: {
    group: 'Scopes and policy',
    kind: 'list',
    default: ['llama:*', 'mcp:*'],
    example: 'llama:* mcp:*',
    meaning: 'Scopes that may be asked for: patterns, in which `*` stands for any characters',
    rule: SCOPE_PATTERN_RULE,
  },
  DENIED_SCOPES: {
    group: 'Scopes and policy',
    kind: 'list',
    default: ['*:admin', '*:admin:*'],
    example: '*:admin *:admin:*',
    meaning:
      'Scopes that are never asked for; wins, but the default yields to a scope named literally in `ALLOWED_SCOPES`',
    rule: SCOPE_PATTERN_RULE,
  },
  MAX_SCOPES: {
    group: 'Scopes and policy',
    kind: 'integer',
    default: 50,
    min: 1,
    max: 1000,
    example: '50',
    meaning: 'Most scopes in one exchange',
  },
  POLICY_FILE: {
    group: 'Scopes and policy',
    kind: 'file',
    example: '/etc/scopelift/policy.yaml',
    meaning: 'Policy file (YAML): the scopes that each route needs',
  },
  LLAMA_STACK_CONFIG: {
    group: 'Scopes and policy',
    kind: 'file',
    example: '/etc/llama-stack/run.yaml',
    meaning: "Llama Stack's own configuration file, whose `route_policy` then is the policy",
  },
} as const satisfies Record<string, Setting>
