import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const SOURCE = fileURLToPath(new URL('../programs', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Below node_modules, so that what is imported is found, and nothing of it is packed. */
const OUT = fileURLToPath(new URL('../../node_modules/.cache/scopelift-bench', import.meta.url))

/** The file of each program that plain Node can run. */
export interface Programs {
  readonly plain: string
  readonly ceiling: string
  readonly floor: string
  readonly answering: string
  readonly events: string
  readonly upstream: string
  readonly bodies: string
}

/** JavaScript of our own small programs: a loader would be measured with them. What they import is not bundled. */
export async function compilePrograms(): Promise<Programs> {
  const files = (await readdir(SOURCE)).filter((file) => file !== 'keycloak.ts')
  await build({
    absWorkingDir: ROOT,
    entryPoints: files.map((file) => join(SOURCE, file)),
    outdir: OUT,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'error',
  })
  const of = (name: string) => join(OUT, `${basename(name)}.mjs`)
  return {
    plain: of('plain'),
    ceiling: of('ceiling'),
    floor: of('floor'),
    answering: of('answering'),
    events: of('events'),
    upstream: of('upstream'),
    bodies: of('bodies'),
  }
}
