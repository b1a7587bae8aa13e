import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { inspect } from '../../src/commands/inspect.ts'
import { parseArguments } from '../../src/commands/parse-arguments.ts'
import { REQUESTER, REQUESTER_SECRET } from './demo-servers.ts'

export interface InspectOptions {
  /** As they are typed behind `scopelift`. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly envFile?: string
  /** Of standard input. */
  readonly input?: string
  readonly now?: () => number
}

/** Runs `doctor`, `explain` or `config` as the program does, but for the process. */
export async function runInspection(
  options: InspectOptions,
): Promise<{ readonly code: number; readonly lines: readonly string[]; readonly output: string }> {
  const command = parseArguments(options.args)
  if (command.kind !== 'doctor' && command.kind !== 'explain' && command.kind !== 'config') {
    throw new Error('no such command')
  }
  const printed: string[] = []
  const readFile = (path: string) => readFileSync(path, 'utf8')
  const stream = Readable.from([Buffer.from(options.input ?? '')])
  const code = await inspect(command, {
    env: options.env,
    readFile,
    envFile: options.envFile,
    input: { stream, readFile, prompt: () => {} },
    now: options.now ?? Date.now,
    print: (line) => printed.push(line),
  })
  const output = printed.join('\n')
  return { code, output, lines: output.split('\n') }
}

/** The settings for the realm of `startDemoRealm`. */
export function demoSettings({ url, realm }: { readonly url: string; readonly realm: string }) {
  return {
    KEYCLOAK_SERVER_URL: url,
    KEYCLOAK_REALM: realm,
    KEYCLOAK_CLIENT_ID: REQUESTER,
    KEYCLOAK_CLIENT_SECRET: REQUESTER_SECRET,
    KEYCLOAK_AUDIENCE: REQUESTER,
  }
}
