import type { ReadFile } from '../config/read-text.ts'
import { readText } from '../config/read-text.ts'
import {
  LlamaStackConfigError,
  parseLlamaStackConfig,
} from '../policy/llama-stack/parse-llama-stack-config.ts'
import type { LlamaStackPolicy } from '../policy/llama-stack/route-access-rule.ts'
import type { Environment } from '../policy/llama-stack/substitute-env.ts'
import { PolicyFileError, parsePolicyFile } from '../policy/parse-policy-file.ts'
import type { PolicyMistake } from '../policy/policy-mistake.ts'
import type { PolicyFile } from '../policy/route-rule.ts'

/** Both policies as far as they can be read; one that is broken has its mistakes instead. */
export interface ReadPolicies {
  readonly policyFile: PolicyFile | undefined
  readonly policyFileMistakes: readonly PolicyMistake[]
  readonly llamaStack: LlamaStackPolicy | undefined
  readonly llamaStackMistakes: readonly PolicyMistake[]
}

export interface ReadPoliciesOptions {
  readonly policyFile: string | undefined
  readonly llamaStackConfig: string | undefined
  readonly readFile: ReadFile
  /** For the `${env.NAME}` of LLAMA_STACK_CONFIG. */
  readonly env: Environment
}

/** A file that cannot be read is a mistake of its setting, and none here. */
export function readPolicies(options: ReadPoliciesOptions): ReadPolicies {
  const file = parse(options.policyFile, options.readFile, parsePolicyFile)
  const config = parse(options.llamaStackConfig, options.readFile, (text) =>
    parseLlamaStackConfig(text, options.env),
  )
  return {
    policyFile: file.policy,
    policyFileMistakes: file.mistakes,
    llamaStack: config.policy,
    llamaStackMistakes: config.mistakes,
  }
}

interface Parsed<P> {
  readonly policy: P | undefined
  readonly mistakes: readonly PolicyMistake[]
}

function parse<P>(
  path: string | undefined,
  readFile: ReadFile,
  read: (text: string) => P,
): Parsed<P> {
  const nothing = { policy: undefined, mistakes: [] }
  if (path === undefined) return nothing
  const file = readText(readFile, path)
  if (file.kind === 'unreadable') return nothing
  try {
    return { policy: read(file.text), mistakes: [] }
  } catch (error) {
    if (error instanceof PolicyFileError || error instanceof LlamaStackConfigError) {
      return { policy: undefined, mistakes: error.mistakes }
    }
    throw error
  }
}
