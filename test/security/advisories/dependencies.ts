import { readdirSync, readFileSync } from 'node:fs'
import type { Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectThat, expectWithout } from '../expect.ts'

export const dependencies: Line = {
  id: 'A11',
  topic: 'advisories of the packages themselves',
  rule: 'one undici, an exact 7.x, and npm audit in the gate',
  checks: [
    inLab('npm audit is a part of .ci/run', async () => {
      const gate = readFileSync(new URL('../../../.ci/run', import.meta.url), 'utf8')
      expectThat(/^\s*[^#]*check:supply-chain/m.test(gate), 'the gate does not check what comes in')
      const check = readFileSync(
        new URL('../../../scripts/check-supply-chain.ts', import.meta.url),
        'utf8',
      )
      expectThat(/\['audit', '--omit=dev'\]/.test(check), 'the check does not ask for advisories')
    }),
    inLab(
      'every undici of the lock file that is shipped is of the line that is fixed',
      async () => {
        const lock: unknown = JSON.parse(
          readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8'),
        )
        const versions = shippedVersions(lock, 'undici')
        expectThat(
          versions.length === 1 && /^7\.(3\d|[4-9]\d)\./.test(versions[0] ?? ''),
          `undici ${versions.join(', ')}`,
        )
      },
    ),
    inLab('nothing switches certificate checks or strict parsing off', async () => {
      for (const file of sourceFiles()) {
        const text = readFileSync(file, 'utf8')
        expectWithout(
          text,
          /rejectUnauthorized: *false|insecureHTTPParser|checkServerIdentity|NODE_TLS_REJECT/,
          file.pathname,
        )
      }
    }),
  ],
}

function shippedVersions(lock: unknown, name: string): readonly string[] {
  const packages = membersOf(membersOf(lock)['packages'])
  return Object.entries(packages)
    .filter(
      ([path, entry]) => path.endsWith(`node_modules/${name}`) && membersOf(entry)['dev'] !== true,
    )
    .map(([, entry]) => String(membersOf(entry)['version']))
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function sourceFiles(): readonly URL[] {
  const root = new URL('../../../src/', import.meta.url)
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => new URL(path, root))
}
