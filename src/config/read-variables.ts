import { parseEnv } from 'node:util'

// Some editors begin a file with it: the first variable would have it in its name.
const BYTE_ORDER_MARK = /^\uFEFF/

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The variables that are set, of the process and of the `.env` file; the process wins.
 * An empty or blank variable is unset, so it does not hide the file's.
 */
export function readVariables(
  env: Environment,
  envFileText: string | undefined,
): Map<string, string> {
  const fromFile: Environment =
    envFileText === undefined ? {} : parseEnv(envFileText.replace(BYTE_ORDER_MARK, ''))
  const variables = new Map<string, string>()
  for (const [name, text] of [...Object.entries(fromFile), ...Object.entries(env)]) {
    if (text !== undefined && text.trim() !== '') variables.set(name, text)
  }
  return variables
}
