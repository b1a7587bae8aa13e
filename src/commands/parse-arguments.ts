import { METHODS } from 'node:http'
import { parseArgs } from 'node:util'
import { readErrorCode } from '../error-code.ts'

export type Command =
  | { readonly kind: 'serve' | 'health'; readonly envFile: string | undefined }
  | InspectionCommand
  | { readonly kind: 'help' | 'version' }
  | Mistake

interface Mistake {
  readonly kind: 'mistake'
  readonly reason: string
}

/** They look at the configuration, and serve nothing. */
export type InspectionCommand = ConfigCommand | DoctorCommand | ExplainCommand

interface ConfigCommand {
  readonly kind: 'config'
  readonly envFile: string | undefined
  readonly isJson: boolean
}

export interface DoctorCommand {
  readonly kind: 'doctor'
  readonly envFile: string | undefined
  readonly isJson: boolean
  readonly caller: Caller | undefined
}

export interface ExplainCommand {
  readonly kind: 'explain'
  readonly envFile: string | undefined
  readonly isJson: boolean
  readonly method: string
  readonly target: string
  readonly token: TokenArgument | undefined
}

/** Where a caller's token is. */
export type TokenArgument =
  | { readonly kind: 'text'; readonly text: string }
  /** `-` is standard input. */
  | { readonly kind: 'file'; readonly path: string }

export type Caller =
  | TokenArgument
  | { readonly kind: 'login'; readonly user: string; readonly clientId: string }

const DEFAULT_LOGIN_CLIENT = 'scopelift-login'

/** The options that each command takes, besides --help and --version. */
const OPTIONS_OF: Readonly<Record<string, readonly string[]>> = {
  serve: ['env-file'],
  health: ['env-file'],
  config: ['env-file', 'json'],
  doctor: ['env-file', 'json', 'token', 'token-file', 'login', 'login-client'],
  explain: ['env-file', 'json', 'token', 'token-file'],
}

/** Reads the command line, without the names of the runtime and the script. */
export function parseArguments(args: readonly string[]): Command {
  const parsed = parseOptions(args)
  if (parsed.kind === 'mistake') return parsed
  const { values, positionals } = parsed.options
  if (values.help) return { kind: 'help' }
  if (values.version) return { kind: 'version' }
  const [name = 'serve', ...operands] = positionals
  const options = Object.hasOwn(OPTIONS_OF, name) ? OPTIONS_OF[name] : undefined
  if (options === undefined) {
    return mistake(`unknown command; the commands are ${Object.keys(OPTIONS_OF).join(', ')}`)
  }
  const given = Object.keys(values)
  const foreign = given.find((option) => !options.includes(option))
  if (foreign !== undefined) return mistake(`${name} does not take --${foreign}`)
  const empty = given.find((option) => Reflect.get(values, option) === '')
  if (empty !== undefined) return mistake(`--${empty} needs a value`)
  return toCommand(name, operands, values)
}

type Values = ReturnType<typeof readOptions>['values']

function toCommand(name: string, operands: readonly string[], values: Values): Command {
  const common = { envFile: values['env-file'], isJson: values.json === true }
  if (name === 'explain') return toExplain(operands, values, common)
  if (operands.length > 0) return mistake(`${name} takes options only, and no further word`)
  switch (name) {
    case 'health':
      return { kind: 'health', envFile: common.envFile }
    case 'config':
      return { kind: 'config', ...common }
    case 'doctor':
      return toDoctor(values, common)
    default:
      return { kind: 'serve', envFile: common.envFile }
  }
}

interface Common {
  readonly envFile: string | undefined
  readonly isJson: boolean
}

function toDoctor(values: Values, common: Common): Command {
  const { token, 'token-file': file, login, 'login-client': clientId } = values
  if ([token, file, login].filter((value) => value !== undefined).length > 1) {
    return mistake('only one of --token, --token-file and --login can be given')
  }
  if (login === undefined) {
    if (clientId !== undefined) return mistake('--login-client needs --login')
    return { kind: 'doctor', ...common, caller: toToken(values) }
  }
  const caller = { kind: 'login', user: login, clientId: clientId ?? DEFAULT_LOGIN_CLIENT } as const
  return { kind: 'doctor', ...common, caller }
}

function toExplain(operands: readonly string[], values: Values, common: Common): Command {
  const [method, target, ...rest] = operands
  if (rest.length > 0) return mistake('explain takes nothing after METHOD PATH but options')
  if (method === undefined || target === undefined) {
    return mistake('explain needs a method and a path, for example: explain GET /v1/models')
  }
  if (!METHODS.includes(method.toUpperCase())) {
    return mistake('explain needs a method of HTTP first, for example: explain GET /v1/models')
  }
  if (values.token !== undefined && values['token-file'] !== undefined) {
    return mistake('only one of --token and --token-file can be given')
  }
  return {
    kind: 'explain',
    ...common,
    method: method.toUpperCase(),
    target,
    token: toToken(values),
  }
}

function toToken({ token, 'token-file': path }: Values): TokenArgument | undefined {
  if (token !== undefined) return { kind: 'text', text: token }
  return path === undefined ? undefined : { kind: 'file', path }
}

type ParsedOptions =
  | { readonly kind: 'options'; readonly options: ReturnType<typeof readOptions> }
  | Mistake

function parseOptions(args: readonly string[]): ParsedOptions {
  try {
    return { kind: 'options', options: readOptions(args) }
  } catch (error) {
    // Its message repeats the argument, which may be a secret in the wrong place.
    const isUnknown = readErrorCode(error) === 'ERR_PARSE_ARGS_UNKNOWN_OPTION'
    const what = isUnknown
      ? 'unknown option'
      : 'an option without its value, or with one that it does not take'
    return mistake(`${what}; ${describeOptions(args)}`)
  }
}

/** What the command takes that seems to be meant. */
function describeOptions(args: readonly string[]): string {
  const name = args.find((word) => Object.hasOwn(OPTIONS_OF, word)) ?? 'serve'
  const options = [...(OPTIONS_OF[name] ?? []), 'help'].map((option) => `--${option}`)
  return `${name} takes ${options.join(', ')}`
}

function readOptions(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'env-file': { type: 'string' },
      json: { type: 'boolean' },
      token: { type: 'string' },
      'token-file': { type: 'string' },
      login: { type: 'string' },
      'login-client': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
    },
  })
}

function mistake(reason: string): Mistake {
  return { kind: 'mistake', reason }
}
