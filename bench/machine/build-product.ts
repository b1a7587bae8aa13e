import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The entry point that is shipped. */
export const PRODUCT = fileURLToPath(new URL('../../dist/scopelift.js', import.meta.url))

/** What is measured is what is there now. Throws where it cannot be built. */
export function buildProduct(): void {
  const { status, stderr } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`Scopelift cannot be built: ${stderr}`)
}
