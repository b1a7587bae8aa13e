import type { Catalogue } from './entry.ts'

export const POLICY_FINDINGS = {
  'policy-file-valid': {
    verdict: 'ok',
    sentence: 'POLICY_FILE is valid; routes: {count}.',
  },
  'policy-file-broken': {
    verdict: 'wrong',
    sentence: '{file}, line {line}: {reason}.',
    remedy: 'Correct that line of POLICY_FILE; `scopelift explain` then shows what it does.',
  },
  'llama-stack-config-valid': {
    verdict: 'ok',
    sentence: 'LLAMA_STACK_CONFIG is understood; rules of route_policy: {count}.',
  },
  'llama-stack-config-broken': {
    verdict: 'wrong',
    sentence: '{file}, line {line}: {reason}.',
    remedy: 'Correct that line: Llama Stack itself would refuse it.',
  },
  'llama-stack-rule-untranslated': {
    verdict: 'note',
    sentence: '{file}: {warning}.',
    remedy: 'Name the routes that this decides on in POLICY_FILE, whose routes win.',
  },
  'policy-absent': {
    verdict: 'untested',
    sentence:
      'There is no policy: only denials that name a scope are answered, and no scope can be tested.',
    remedy:
      'Set LLAMA_STACK_CONFIG to the configuration of Llama Stack, or POLICY_FILE to a list of routes.',
  },
  'policy-scopes-allowed': {
    verdict: 'ok',
    sentence: 'Every scope that the policy names may be asked for: {scopes}.',
  },
  'scope-forbidden': {
    verdict: 'wrong',
    sentence: "The policy wants scope '{scope}', but ALLOWED_SCOPES or DENIED_SCOPES forbids it.",
    remedy:
      'Name the scope, or a pattern for it, in ALLOWED_SCOPES; or take it out of POLICY_FILE.',
  },
  'llama-stack-scope-forbidden': {
    verdict: 'note',
    sentence:
      "A rule of LLAMA_STACK_CONFIG wants scope '{scope}', but ALLOWED_SCOPES or DENIED_SCOPES forbids it.",
    remedy:
      'Name the scope, or a pattern for it, in ALLOWED_SCOPES, if callers shall get it by a step-up.',
  },
} as const satisfies Catalogue
