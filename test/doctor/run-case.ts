import { deepStrictEqual, doesNotMatch } from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { inspect } from '../../src/commands/inspect.ts'
import { parseArguments } from '../../src/commands/parse-arguments.ts'
import { dig } from '../e2e/json.ts'
import type { Case, Place } from './case.ts'

/** Runs the command as it is typed, and compares all that it finds with what it must find. */
export async function runCase(one: Case, place: Place, token: string | undefined): Promise<void> {
  const { names } = place
  const password = one.password ?? names.user
  const { code, output } = await runDoctor(one, place, token ?? `${password}\n`)
  const { findings, exitCode } = JSON.parse(output)
  if (!Array.isArray(findings)) throw new Error('there are no findings')
  const found = findings.filter((finding) => dig(finding, 'verdict') !== 'ok')
  deepStrictEqual(
    found.map((finding) => dig(finding, 'id')).sort(),
    [...one.expected].sort(),
    found.map((finding) => `${dig(finding, 'id')}: ${dig(finding, 'sentence')}`).join('\n'),
  )
  deepStrictEqual([code, exitCode], [one.exitCode, one.exitCode])
  checkSecrecy(output, [names.secret, token, one.password])
}

async function runDoctor(
  one: Case,
  place: Place,
  input: string,
): Promise<{ code: number; output: string }> {
  const { names } = place
  const args =
    one.args ??
    (one.token === undefined
      ? ['--login', names.user, '--login-client', names.login]
      : ['--token-file', '-'])
  const command = parseArguments(['doctor', '--json', ...args])
  if (command.kind !== 'doctor') throw new Error('the command line is wrong')
  const lines: string[] = []
  const readFile = (path: string) => readFileSync(path, 'utf8')
  const stream = Readable.from([Buffer.from(input)])
  const code = await inspect(command, {
    env: { ...settingsFor(one, place), ...one.env?.(place) },
    readFile,
    envFile: undefined,
    input: { stream, readFile, prompt: () => {} },
    now: () => Date.now() + (one.clockAheadMs ?? 0),
    print: (line) => lines.push(line),
  })
  return { code, output: lines.join('\n') }
}

function settingsFor({ policy }: Case, { admin, names, upstreamUrl, folder }: Place) {
  const file = join(folder, `policy-${names.login}.yaml`)
  writeFileSync(
    file,
    policy ??
      `routes:
  - { match: { method: GET, path: /v1/free }, scopes: ["${names.free}"] }
  - { match: { method: POST, path: /v1/gated/* }, scopes: ["${names.gated}"] }
`,
  )
  return {
    KEYCLOAK_SERVER_URL: admin.origin,
    KEYCLOAK_REALM: names.realm,
    KEYCLOAK_CLIENT_ID: names.requester,
    KEYCLOAK_CLIENT_SECRET: names.secret,
    KEYCLOAK_AUDIENCE: names.requester,
    ALLOWED_SCOPES: `${names.free} ${names.gated}`,
    POLICY_FILE: file,
    UPSTREAM_URL: upstreamUrl,
  }
}

function checkSecrecy(output: string, secrets: readonly (string | undefined)[]): void {
  doesNotMatch(output, /eyJ[\w-]{10}/)
  for (const secret of secrets) {
    // What is so short or plain may stand in any sentence.
    if (secret === undefined || secret.length < 8) continue
    deepStrictEqual(output.includes(secret), false, 'a secret is in the output')
  }
}
