// Writes dist/scopelift.cdx.json, the bill of materials (CycloneDX) of the bundle; exits 1 where it misses a package of it.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { exit, stderr, stdout } from 'node:process'
import { isJsonObject } from '../src/json-object.ts'
import { checkBill, createBill } from './supply-chain/bill-of-materials.ts'
import { bundledPackages } from './supply-chain/bundled-packages.ts'
import { parseLockFile } from './supply-chain/lock-file.ts'
import { runProgram } from './supply-chain/run-program.ts'

const BILL = 'dist/scopelift.cdx.json'

const manifest: unknown = JSON.parse(await readFile('package.json', 'utf8'))
const { name, dependencies } = isJsonObject(manifest) ? manifest : {}
const bundled = await bundledPackages()
const bill = createBill({
  document: await askNpm(),
  lock: parseLockFile(await readFile('package-lock.json', 'utf8')),
  bundled,
  name: String(name),
  dependencies: isJsonObject(dependencies) ? Object.keys(dependencies) : [],
})
const mistakes = checkBill(bill, bundled)
for (const mistake of mistakes) stderr.write(`${mistake}\n`)
if (mistakes.length > 0) exit(1)
await mkdir('dist', { recursive: true })
await writeFile(BILL, `${JSON.stringify(bill, null, 2)}\n`)
stdout.write(`${BILL}: ${bundled.length} packages of the bundle are in it\n`)

/** From the lock file alone: what happens to be installed does not matter. */
async function askNpm(): Promise<unknown> {
  const options = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application']
  const {
    code,
    stdout: text,
    stderr: complaint,
  } = await runProgram('npm', ['sbom', '--package-lock-only', ...options])
  if (code !== 0) throw new Error(`npm sbom failed: ${complaint}`)
  return JSON.parse(text)
}
