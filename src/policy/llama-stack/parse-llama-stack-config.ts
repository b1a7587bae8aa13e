import type { PolicyMistake } from '../policy-mistake.ts'
import { sortMistakes } from '../policy-mistake.ts'
import type { YamlDocument } from '../read-yaml.ts'
import { MAX_YAML_ALIASES, readYaml } from '../read-yaml.ts'
import { readProvider } from './read-provider.ts'
import { RuleError, readRule } from './read-rule.ts'
import type { LlamaStackPolicy, RouteAccessRule } from './route-access-rule.ts'
import type { Environment } from './substitute-env.ts'

/** Everything in OGX's configuration that OGX itself would refuse, as far as we read it. */
export class LlamaStackConfigError extends Error {
  readonly code = 'ERR_LLAMA_STACK_CONFIG'
  readonly mistakes: readonly PolicyMistake[]

  constructor(mistakes: readonly PolicyMistake[]) {
    const sorted = sortMistakes(mistakes)
    super(sorted.map(({ line, reason }) => `line ${line}: ${reason}`).join('\n'))
    this.name = 'LlamaStackConfigError'
    this.mistakes = sorted
  }
}

/**
 * `server.auth.route_policy` and the claims mapping of a configuration of Llama Stack (0.5 and later) or OGX; the rest
 * is not looked at. `env` should hold what OGX's own environment holds. At most 1 MiB. Throws `LlamaStackConfigError`;
 * what OGX may understand and we do not is no error but a warning.
 */
export function parseLlamaStackConfig(text: string, env: Environment): LlamaStackPolicy {
  const reading = readYaml(text, { version: '1.1' })
  if (reading.kind === 'mistakes') throw new LlamaStackConfigError(reading.mistakes)
  const { yaml } = reading
  const root = toValues(yaml)
  if (!(root instanceof Map)) {
    throw new LlamaStackConfigError([
      {
        line: 1,
        reason: 'LLAMA_STACK_CONFIG must name a configuration of Llama Stack: a YAML mapping',
      },
    ])
  }
  const auth = entryOf(entryOf(root, 'server'), 'auth')
  const lines = (path: readonly (string | number)[]) =>
    yaml.lineOf(yaml.document.getIn(['server', 'auth', ...path], true))
  const { rules, warnings, mistakes } = readRules(entryOf(auth, 'route_policy'), env, lines)
  const provider = readProvider(entryOf(auth, 'provider_config'), env)
  if (provider.mistake !== undefined) {
    mistakes.push({ line: lines(['provider_config']), reason: provider.mistake })
  }
  if (mistakes.length > 0) throw new LlamaStackConfigError(mistakes)
  return { rules, ...provider.policy, warnings: [...provider.warnings, ...warnings] }
}

function readRules(
  list: unknown,
  env: Environment,
  lines: (path: readonly (string | number)[]) => number,
): { rules: RouteAccessRule[]; warnings: string[]; mistakes: PolicyMistake[] } {
  const rules: RouteAccessRule[] = []
  const warnings: string[] = []
  const mistakes: PolicyMistake[] = []
  if (list === undefined) {
    warnings.push(
      'server.auth.route_policy is absent: OGX allows every route, and no scope is named',
    )
  } else if (!Array.isArray(list)) {
    mistakes.push({ line: lines(['route_policy']), reason: 'route_policy is a list of rules' })
  } else {
    for (const [index, value] of list.entries()) {
      const number = index + 1
      try {
        const { rule, doubts } = readRule(value, number, env)
        rules.push(rule)
        warnings.push(...doubts.map((doubt) => `route_policy rule ${number}: ${doubt}`))
      } catch (error) {
        if (!(error instanceof RuleError)) throw error
        const reason = `route_policy rule ${number}: ${error.message}`
        mistakes.push({ line: lines(['route_policy', index]), reason })
      }
    }
  }
  return { rules, warnings, mistakes }
}

/** Maps keep the order of the file and keys of any type. */
function toValues({ document }: YamlDocument): unknown {
  try {
    return document.toJS({ mapAsMap: true, maxAliasCount: MAX_YAML_ALIASES })
  } catch {
    const reason = 'an alias that no anchor defines, or that stands for too much'
    throw new LlamaStackConfigError([{ line: 1, reason }])
  }
}

function entryOf(value: unknown, key: string): unknown {
  return value instanceof Map ? value.get(key) : undefined
}
