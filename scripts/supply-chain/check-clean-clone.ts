import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from './run-program.ts'

/**
 * Clones what is committed, installs it without running any package's script, builds, and starts the bundle; then builds
 * again under another path, which must give the same octets. Returns what went wrong, in sentences.
 */
export async function checkCleanClone(repository: string): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'scopelift-clone-'))
  try {
    const clone = join(folder, 'clone')
    const steps = [
      ['git', ['clone', '--quiet', '--no-hardlinks', repository, clone], '.'],
      ['npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], clone],
      ['npm', ['run', '--silent', 'build'], clone],
      [process.execPath, ['dist/scopelift.js', '--version'], clone],
    ] as const
    for (const [program, args, cwd] of steps) {
      const { code, stderr } = await runProgram(program, args, cwd)
      if (code !== 0) return [`${program} ${args.slice(0, 2).join(' ')}: ${firstLines(stderr)}`]
    }
    const first = await digestOf(clone)
    const moved = join(folder, 'another place')
    await rename(clone, moved)
    const { code, stderr } = await runProgram('npm', ['run', '--silent', 'build'], moved)
    if (code !== 0) return [`the second build: ${firstLines(stderr)}`]
    return first === (await digestOf(moved)) ? [] : ['two builds differ']
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function digestOf(clone: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(clone, 'dist/scopelift.js')))
    .digest('hex')
}

/** npm says first what is wrong, and then how it is used. */
function firstLines(text: string): string {
  return text.trim().split('\n').slice(0, 5).join(' ')
}
