import type { Problems } from '../observability/problems.ts'
import { createRoutePolicy } from './create-route-policy.ts'
import { findForbiddenScopes } from './forbidden-scopes.ts'
import {
  LlamaStackConfigError,
  parseLlamaStackConfig,
} from './llama-stack/parse-llama-stack-config.ts'
import type { LlamaStackPolicy } from './llama-stack/route-access-rule.ts'
import type { Environment } from './llama-stack/substitute-env.ts'
import { PolicyFileError, parsePolicyFile } from './parse-policy-file.ts'
import type { PolicyMistake } from './policy-mistake.ts'
import type { RoutePolicy, ScopeRules } from './route-policy.ts'
import type { PolicyFile } from './route-rule.ts'

/** Also the id under which its problem stands. */
export type PolicyKind = 'policy-file' | 'llama-stack-config'

/** What was read of a file; its path only names it in messages. */
export interface PolicyText {
  readonly path: string
  readonly text: string
}

export interface PolicySourceOptions {
  readonly policyFile?: PolicyText | undefined
  readonly llamaStackConfig?: PolicyText | undefined
  readonly scopeRules: ScopeRules
  /** For the `${env.NAME}` of OGX's configuration. */
  readonly env: Environment
  readonly problems: Problems
  readonly log: PolicyLog
}

export interface PolicyLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** The policy of both files. No I/O: whoever watches the files hands in what they hold. */
export interface PolicySource {
  /** The newest good one. */
  current(): RoutePolicy
  /** A new content: taken, or refused with a problem that stays until a good one comes; the policy in use then stays. */
  accept(kind: PolicyKind, text: string): void
}

export interface LocatedMistake extends PolicyMistake {
  readonly file: string
}

/** A file that is broken at start: all mistakes of both. */
export class PolicyLoadError extends Error {
  readonly code = 'ERR_POLICY_LOAD'
  readonly mistakes: readonly LocatedMistake[]

  constructor(mistakes: readonly LocatedMistake[]) {
    super(mistakes.map(inWords).join('\n'))
    this.name = 'PolicyLoadError'
    this.mistakes = mistakes
  }
}

const MAX_NAMED_SCOPES = 20

/** Throws `PolicyLoadError` where a file is broken at start. */
export function createPolicySource(options: PolicySourceOptions): PolicySource {
  const { scopeRules, env, problems, log } = options
  const paths = {
    'policy-file': options.policyFile?.path ?? 'POLICY_FILE',
    'llama-stack-config': options.llamaStackConfig?.path ?? 'LLAMA_STACK_CONFIG',
  } as const
  let policyFile: PolicyFile | undefined
  let llamaStack: LlamaStackPolicy | undefined

  function take(kind: PolicyKind, text: string): readonly LocatedMistake[] {
    try {
      if (kind === 'policy-file') policyFile = parsePolicyFile(text)
      else llamaStack = parseLlamaStackConfig(text, env)
      return []
    } catch (error) {
      return mistakesOf(error).map((mistake) => ({ file: paths[kind], ...mistake }))
    }
  }

  function combined(): RoutePolicy {
    return createRoutePolicy({
      ...(policyFile && { policyFile }),
      ...(llamaStack && { llamaStack }),
      scopeRules,
    })
  }

  /** What of OGX's rules could not be translated is no mistake, but nobody may overlook it. */
  function reportDoubts(): void {
    const warnings = llamaStack?.warnings ?? []
    const [first] = warnings
    for (const warning of warnings) log.warn({ file: paths['llama-stack-config'] }, warning)
    if (first === undefined) {
      problems.resolve('llama-stack-rules')
      return
    }
    const more = warnings.length === 1 ? '' : ` (and ${warnings.length - 1} more in the log)`
    problems.report('llama-stack-rules', `${paths['llama-stack-config']}: ${first}${more}`)
  }

  function warnOfForbidden(): void {
    const forbidden = findForbiddenScopes(policyFile, llamaStack, scopeRules)
    if (forbidden.length === 0) return
    const scopes = forbidden.slice(0, MAX_NAMED_SCOPES).join(' ')
    log.warn({}, `ALLOWED_SCOPES and DENIED_SCOPES do not permit what the policy names: ${scopes}`)
  }

  const mistakes = [
    ...(options.policyFile ? take('policy-file', options.policyFile.text) : []),
    ...(options.llamaStackConfig ? take('llama-stack-config', options.llamaStackConfig.text) : []),
  ]
  if (mistakes.length > 0) throw new PolicyLoadError(mistakes)
  let policy = combined()
  reportDoubts()
  warnOfForbidden()

  return {
    current: () => policy,
    accept(kind, text) {
      const found = take(kind, text)
      const [first] = found
      if (first !== undefined) {
        for (const mistake of found)
          log.error({ file: mistake.file, line: mistake.line }, mistake.reason)
        const more = found.length === 1 ? '' : ` (and ${found.length - 1} more in the log)`
        problems.report(kind, `${inWords(first)}${more}; the version before stays in use`)
        return
      }
      policy = combined()
      problems.resolve(kind)
      if (kind === 'llama-stack-config') reportDoubts()
      warnOfForbidden()
      log.info({ file: paths[kind] }, 'the policy was read anew')
    },
  }
}

function mistakesOf(error: unknown): readonly PolicyMistake[] {
  if (error instanceof PolicyFileError || error instanceof LlamaStackConfigError) {
    return error.mistakes
  }
  throw error
}

function inWords({ file, line, reason }: LocatedMistake): string {
  return `${file}, line ${line}: ${reason}`
}
