import { MAX_SETTINGS_BYTES } from './config/file-bounds.ts'
import { readRegularFile } from './config/read-regular-file.ts'
import type { WatchedFile } from './config/watched-file.ts'
import { createWatchedFile } from './config/watched-file.ts'
import type { Problems } from './observability/problems.ts'
import type { Environment } from './policy/llama-stack/substitute-env.ts'
import type { PolicyKind, PolicyLog, PolicyText } from './policy/policy-source.ts'
import { createPolicySource } from './policy/policy-source.ts'
import type { RoutePolicy, ScopeRules } from './policy/route-policy.ts'

export interface PolicyFiles {
  /** The newest good policy. */
  current(): RoutePolicy
  close(): void
}

export interface PolicyFilesOptions {
  readonly policyFile: string | undefined
  readonly llamaStackConfig: string | undefined
  readonly scopeRules: ScopeRules
  readonly env: Environment
  readonly intervalMs: number
  readonly problems: Problems
  readonly log: PolicyLog
}

/** Reads POLICY_FILE and LLAMA_STACK_CONFIG, and again whenever they change. Throws `PolicyLoadError` where one is broken now. */
export function watchPolicyFiles(options: PolicyFilesOptions): PolicyFiles {
  const { scopeRules, env, problems, log, intervalMs } = options
  const policyFile = read(options.policyFile)
  const llamaStackConfig = read(options.llamaStackConfig)
  const source = createPolicySource({
    policyFile,
    llamaStackConfig,
    scopeRules,
    env,
    problems,
    log,
  })

  function watch(kind: PolicyKind, file: PolicyText | undefined): WatchedFile | undefined {
    if (file === undefined) return undefined
    const unreadable = `${kind}-unreadable`
    return createWatchedFile({
      path: file.path,
      text: file.text,
      intervalMs,
      maxBytes: MAX_SETTINGS_BYTES,
      onChange(text) {
        problems.resolve(unreadable)
        source.accept(kind, text)
      },
      onError(error) {
        log.error({ file: file.path }, `the policy cannot be read: ${error.message}`)
        problems.report(
          unreadable,
          `${file.path}: ${error.message}; the version before stays in use`,
        )
      },
    })
  }

  const watched = [watch('policy-file', policyFile), watch('llama-stack-config', llamaStackConfig)]
  return {
    current: source.current,
    close() {
      for (const file of watched) file?.close()
    },
  }
}

function read(path: string | undefined): PolicyText | undefined {
  return path === undefined ? undefined : { path, text: readRegularFile(path, MAX_SETTINGS_BYTES) }
}
