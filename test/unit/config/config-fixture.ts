import { ConfigError } from '../../../src/config/config-error.ts'
import { loadConfig } from '../../../src/config/load-config.ts'

export const REQUIRED = {
  KEYCLOAK_SERVER_URL: 'http://localhost:8002',
  KEYCLOAK_REALM: 'authentication-demo',
  KEYCLOAK_CLIENT_ID: 'scopelift',
  KEYCLOAK_CLIENT_SECRET: 'hunter2',
}

export function readFrom(files: Readonly<Record<string, string>>): (path: string) => string {
  return (path) => (Object.hasOwn(files, path) ? (files[path] ?? '') : noFile())
}

export function noFile(): never {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
}

/** The mistakes of the required settings with these in addition, as `VARIABLE: reason`. */
export function listMistakes(
  env: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): readonly string[] {
  try {
    loadConfig({ env: { ...REQUIRED, ...env }, readFile: readFrom(files) })
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.entries.map(({ variable, reason }) => `${variable}: ${reason}`)
  }
}
