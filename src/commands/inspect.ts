import { ConfigError } from '../config/config-error.ts'
import { examineConfig, loadConfig } from '../config/load-config.ts'
import type { ReadFile } from '../config/read-text.ts'
import type { Environment } from '../config/read-variables.ts'
import { traceSettings } from '../config/trace-settings.ts'
import type { Sample } from '../doctor/obtain-sample.ts'
import { config as printConfig } from './config.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { loadRoutes } from './load-routes.ts'
import type { DoctorCommand, ExplainCommand, InspectionCommand } from './parse-arguments.ts'
import type { SecretInput } from './secret-input.ts'
import { readPassword, readToken } from './secret-input.ts'

/** All of the process that a command may touch. */
export interface Surroundings {
  readonly env: Environment
  readonly readFile: ReadFile
  readonly envFile: string | undefined
  readonly input: SecretInput
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Takes a line, without its line end. */
  readonly print: (line: string) => void
}

/**
 * Runs `config`, `doctor` or `explain`; resolves with the exit code.
 * @throws {ConfigError | PolicyLoadError | SecretInputError}
 */
export async function inspect(command: InspectionCommand, around: Surroundings): Promise<number> {
  switch (command.kind) {
    case 'config':
      return runConfig(command.isJson, around)
    case 'doctor':
      return runDoctor(command, around)
    case 'explain':
      return runExplain(command, around)
  }
}

/** Mistakes are those of `serve`, a broken policy among them. */
function runConfig(isJson: boolean, around: Surroundings): number {
  const config = loadConfig(around)
  loadRoutes({ ...around, config })
  return printConfig({ ...around, settings: traceSettings({ ...around, config }), config, isJson })
}

async function runDoctor({ caller, isJson }: DoctorCommand, around: Surroundings): Promise<number> {
  const examined = examineConfig(around)
  const settings = traceSettings({ ...around, config: examined.config })
  const settingCount = settings.filter(
    ({ source }) => source === 'environment' || source === 'env-file',
  ).length
  return doctor({
    ...around,
    examined,
    settingCount,
    isJson,
    sample: caller && (await readSample(caller, around)),
  })
}

async function readSample(
  caller: NonNullable<DoctorCommand['caller']>,
  { env, input }: Surroundings,
): Promise<Sample> {
  if (caller.kind !== 'login') return { kind: 'token', token: await readToken(caller, input) }
  return { ...caller, password: await readPassword(env, input) }
}

/** How our client authenticates does not matter to a dry run. */
const NOT_NEEDED = /^KEYCLOAK_(CLIENT|AUTH|TLS|CA)_/

async function runExplain(command: ExplainCommand, around: Surroundings): Promise<number> {
  const { config, mistakes, hints } = examineConfig(around)
  const needed = mistakes.filter(({ variable }) => !NOT_NEEDED.test(variable))
  if (needed.length > 0) throw new ConfigError(needed, hints)
  const token = command.token && (await readToken(command.token, around.input))
  const isClientKnown = !mistakes.some(({ variable }) => variable === 'KEYCLOAK_CLIENT_ID')
  const clientId = isClientKnown ? config.keycloak.clientId : undefined
  return explain({ ...around, ...command, config, clientId, token })
}
