// What comes in with our dependencies and goes out with our image: every check is a sentence that holds or fails.
// Needs `npm ci` and `npm run build`; ends with `N passed, N failed`.
import { readFile } from 'node:fs/promises'
import { stdout } from 'node:process'
import { isJsonObject } from '../src/json-object.ts'
import { checkBill } from './supply-chain/bill-of-materials.ts'
import { bundledPackages, packagesInSourceMap } from './supply-chain/bundled-packages.ts'
import { checkCleanClone } from './supply-chain/check-clean-clone.ts'
import { checkCompose } from './supply-chain/check-compose.ts'
import { checkDockerfile, checkDockerignore } from './supply-chain/check-dockerfile.ts'
import { checkLicences } from './supply-chain/check-licences.ts'
import {
  checkFreshness,
  checkInstallScripts,
  checkOrigins,
  checkPins,
  checkUndici,
} from './supply-chain/check-lock-file.ts'
import { parseLockFile, runtimePackages } from './supply-chain/lock-file.ts'
import { runProgram } from './supply-chain/run-program.ts'

type Judge = () => readonly string[] | Promise<readonly string[]>

const read = (path: string) => readFile(path, 'utf8')
const parsed: unknown = JSON.parse(await read('package.json'))
const manifest = isJsonObject(parsed) ? parsed : {}
const lock = parseLockFile(await read('package-lock.json'))
const MAX_SHOWN = 10
let passed = 0
let failed = 0

const checks: readonly (readonly [string, Judge])[] = [
  ['every dependency is pinned to one version', () => checkPins(manifest)],
  ['the lock file fits package.json', () => checkFreshness(manifest, lock)],
  ['every locked package has a digest and no address', () => checkOrigins(lock)],
  ['no package of the runtime has an install script', () => checkInstallScripts(lock)],
  ['the runtime has one major of undici', () => checkUndici(lock)],
  ['every licence of the runtime is permissive', () => checkLicences(lock)],
  [
    'npm ci --ignore-scripts and the build work in a clean clone, twice alike',
    () => checkCleanClone('.'),
  ],
  ['the bundle holds runtime packages only, and those of this lock file', checkBundle],
  ['the bill of materials holds every package of the bundle', checkWrittenBill],
  [
    'Dockerfile: stages, user, no tools, no secrets',
    async () => checkDockerfile(await read('Dockerfile')),
  ],
  [
    '.dockerignore: denies all but what the build needs',
    async () => checkDockerignore(await read('.dockerignore')),
  ],
  [
    'docker-compose.yml: read-only, no capabilities, no new privileges',
    async () => checkCompose(await read('docker-compose.yml')),
  ],
]

for (const [sentence, judge] of checks) await run(sentence, judge)
await audit()
stdout.write(
  `${runtimePackages(lock).length} packages of the runtime, ${lock.packages.length} in all\n`,
)
stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed > 0 ? 1 : 0

async function run(sentence: string, judge: Judge): Promise<void> {
  const mistakes = await Promise.resolve()
    .then(judge)
    .catch((error: unknown) => [error instanceof Error ? error.message : String(error)])
  stdout.write(`  ${mistakes.length === 0 ? '✓' : '✗'} ${sentence}\n`)
  for (const mistake of mistakes.slice(0, MAX_SHOWN)) stdout.write(`      ${mistake}\n`)
  if (mistakes.length > MAX_SHOWN) stdout.write(`      and ${mistakes.length - MAX_SHOWN} more\n`)
  if (mistakes.length === 0) passed += 1
  else failed += 1
}

async function checkBundle(): Promise<readonly string[]> {
  const runtime = new Map(runtimePackages(lock).map(({ path, version }) => [path, version]))
  const bundled = await bundledPackages()
  const built = await packagesInSourceMap('dist/scopelift.js.map')
  const paths = bundled.map(({ path }) => path)
  return [
    ...bundled
      .filter(({ path, version }) => runtime.get(path) !== version)
      .map(
        ({ path, version }) => `${path} ${version} is not what the lock file has for the runtime`,
      ),
    ...built
      .filter((path) => !paths.includes(path))
      .map((path) => `dist holds ${path}: build anew`),
    ...paths
      .filter((path) => !built.includes(path))
      .map((path) => `dist lacks ${path}: build anew`),
  ]
}

async function checkWrittenBill(): Promise<readonly string[]> {
  const { code, stderr } = await runProgram(process.execPath, ['--import=tsx', 'scripts/sbom.ts'])
  if (code !== 0) return [stderr]
  const bill: unknown = JSON.parse(await read('dist/scopelift.cdx.json'))
  return checkBill(bill, await bundledPackages())
}

/** A registry without an audit endpoint is no finding and no pass: it is said aloud. */
async function audit(): Promise<void> {
  const {
    code,
    stdout: answer,
    stderr,
  } = await runProgram('npm', [
    ...['audit', '--omit=dev'],
    // A silent caller would make it silent too, and its answer could not be told from a finding.
    '--loglevel=error',
  ])
  if (code !== 0 && stderr.includes('audit endpoint returned an error')) {
    stdout.write(
      '  ! NOT AUDITED: this registry has no audit endpoint, so nothing is known of advisories.\n',
    )
    return
  }
  await run('npm audit knows of no vulnerability in the runtime', () =>
    code === 0 ? [] : [answer || stderr],
  )
}
