import { parseArgs } from 'node:util'

export type Command =
  | { readonly kind: 'serve' | 'health'; readonly envFile: string | undefined }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'mistake'; readonly reason: string }

/** Reads the command line, without the names of the runtime and the script. */
export function parseArguments(args: readonly string[]): Command {
  const parsed = parseOptions(args)
  if (parsed === undefined) return mistake('unknown option, or an option without its value')
  const { values, positionals } = parsed
  if (values.help) return { kind: 'help' }
  if (values.version) return { kind: 'version' }
  const [name = 'serve', ...rest] = positionals
  const isKnown = name === 'serve' || name === 'health'
  if (!isKnown || rest.length > 0) return mistake('unknown command')
  const envFile = values['env-file']
  if (envFile === '') return mistake('--env-file needs a file')
  return { kind: name, envFile }
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'env-file': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    })
  } catch {
    // Its message repeats the argument, which may be a secret in the wrong place.
    return undefined
  }
}

function mistake(reason: string): Command {
  return { kind: 'mistake', reason }
}
