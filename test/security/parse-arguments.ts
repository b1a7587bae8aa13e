export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly reason: string }
  | { readonly kind: 'run'; readonly options: RunOptions }

export interface RunOptions {
  /** `undefined`: the kit starts what it tests. Without a trailing slash. */
  readonly target: string | undefined
  readonly token: string | undefined
  readonly adminUrl: string | undefined
  /** Where the kit's own upstream listens for what the target forwards. */
  readonly upstreamPort: number | undefined
  readonly isJson: boolean
}

export const USAGE = `Usage: npm run test:security -- [options]

Tests an intermediary that widens access tokens: the HTTP rules that it must keep, the threats that it must
withstand, and the advisories of its class. Without options the kit starts Scopelift, a Keycloak of its own
and an upstream, and runs every check. With --target it tests a deployment from outside; what cannot be tested
there is shown as –, and never counted as passed.

  --target URL          the deployment to test
  --token JWT           a live access token of a user, for the checks that need one
  --admin URL           its admin listener (health, readiness, metrics)
  --upstream-port PORT  the kit's own upstream listens there: let the target forward to it, and most HTTP rules
                        can be tested too. The kit's address must not be among TRUSTED_PROXIES.
  --json                the result as one JSON document
  --help                this text

The checks send malformed and hostile requests: run them only against what you may test.
Exit code: 0 if nothing failed, 1 if something did or nothing could run, 64 for wrong arguments.
`

/** Pure: reads the command line, less the program's own name. */
export function parseArguments(words: readonly string[]): Command {
  const values = new Map<string, string>()
  let isJson = false
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? ''
    const [name = '', inline] = splitOnce(word)
    if (name === '--help' || name === '-h') return { kind: 'help' }
    if (name === '--json' && inline === undefined) {
      isJson = true
      continue
    }
    if (!WITH_VALUE.has(name)) return wrong(`unknown argument: ${name}`)
    const value = inline ?? words[++i]
    if (value === undefined || value === '') return wrong(`${name} needs a value`)
    if (values.has(name)) return wrong(`${name} is given twice`)
    values.set(name, value)
  }
  return toRun(values, isJson)
}

const WITH_VALUE = new Set(['--target', '--token', '--admin', '--upstream-port'])

function toRun(values: ReadonlyMap<string, string>, isJson: boolean): Command {
  const target = values.get('--target')
  const adminUrl = values.get('--admin')
  for (const [name, url] of [['--target', target] as const, ['--admin', adminUrl] as const]) {
    if (url !== undefined && !isBaseUrl(url)) return wrong(`${name} must be an http or https URL`)
  }
  const port = values.get('--upstream-port')
  if (target === undefined && values.size > 0) return wrong('--target is missing')
  if (
    port !== undefined &&
    !(/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536)
  ) {
    return wrong('--upstream-port must be a port')
  }
  return {
    kind: 'run',
    options: {
      target: target?.replace(/\/+$/, ''),
      token: values.get('--token'),
      adminUrl: adminUrl?.replace(/\/+$/, ''),
      upstreamPort: port === undefined ? undefined : Number(port),
      isJson,
    },
  }
}

/** A target is a server: with a path in it, it would not be said what the hostile targets mean. */
function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, pathname, search } = new URL(text)
  return /^https?:$/.test(protocol) && pathname === '/' && search === ''
}

function splitOnce(word: string): readonly [string, string | undefined] {
  const equals = word.indexOf('=')
  return word.startsWith('--') && equals > 0
    ? [word.slice(0, equals), word.slice(equals + 1)]
    : [word, undefined]
}

function wrong(reason: string): Command {
  return { kind: 'wrong', reason }
}
