import { describeUnreadable } from './describe-unreadable.ts'
import { MAX_SECRET_BYTES } from './file-bounds.ts'
import type { Mistakes } from './mistakes.ts'
import type { ReadFile } from './read-text.ts'
import { readText } from './read-text.ts'
import { listSettings } from './settings-schema.ts'

export interface SecretFilesOptions {
  /** The secrets that are read are put in here, under their own names. */
  readonly variables: Map<string, string>
  readonly readFile: ReadFile
  readonly mistakes: Mistakes
}

/**
 * Reads `<NAME>_FILE` for every secret; returns the paths by `<NAME>`.
 * The mistakes name no path: somebody may have put the secret itself there.
 */
export function readSecretFiles(options: SecretFilesOptions): ReadonlyMap<string, string> {
  const { variables, readFile, mistakes } = options
  const paths = new Map<string, string>()
  for (const [name, setting] of listSettings()) {
    const variable = `${name}_FILE`
    const path = variables.get(variable)
    if (path === undefined || !('isSecret' in setting)) continue
    const secret = variables.has(name)
      ? { reason: `is set beside ${name}: one of the two must go` }
      : readSecret(readFile, path)
    if ('text' in secret) {
      variables.set(name, secret.text)
      paths.set(name, path)
      continue
    }
    mistakes.addOther({ variable, reason: secret.reason, example: '/run/secrets/keycloak' })
    // Something must stand in for the secret, or it would be reported as missing besides.
    variables.set(name, setting.example)
  }
  return paths
}

/** Cuts the one line end that editors and `echo` put at the end of a file; any other belongs to the secret. */
export function cutTrailingNewline(text: string): string {
  return text.replace(/\r?\n$/, '')
}

function readSecret(readFile: ReadFile, path: string): { text: string } | { reason: string } {
  const file = readText(readFile, path, MAX_SECRET_BYTES)
  if (file.kind === 'unreadable') return { reason: describeUnreadable(file) }
  const text = cutTrailingNewline(file.text)
  return text.trim() === '' ? { reason: 'names an empty file' } : { text }
}
