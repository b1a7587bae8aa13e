import { readFileSync, writeFileSync } from 'node:fs'
import { argv, exit, stderr, stdout } from 'node:process'

export interface GeneratedBlock {
  /** Of the script, for the usage. */
  readonly script: string
  /** The block stands between `<!-- name -->` and `<!-- /name -->`. */
  readonly name: string
  /** What has changed where the block differs; plural. */
  readonly noun: string
  readonly text: string
}

/** Prints the block; with --check FILE exits 1 if FILE has another one, with --write FILE puts it there. */
export function runGenerator(block: GeneratedBlock): void {
  const [mode, path] = argv.slice(2)
  if (mode === undefined) stdout.write(`${block.text}\n`)
  else if (path === undefined || (mode !== '--check' && mode !== '--write')) {
    fail(`usage: ${block.script} [--check FILE | --write FILE]`, 64)
  } else update(path, mode, block)
}

function update(file: string, how: '--check' | '--write', block: GeneratedBlock): void {
  const { name, noun, text } = block
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const old = readFileSync(file, 'utf8')
  const start = old.indexOf(open)
  const end = old.indexOf(close, start)
  if (start === -1 || end === -1) fail(`${file} has no ${open} … ${close} block`, 1)
  const wanted = `${old.slice(0, start)}${open}\n${text}\n${old.slice(end)}`
  if (how === '--write') writeFileSync(file, wanted)
  else if (wanted !== old) {
    fail(`${file}: the ${noun} have changed; run: npm run ${name} -- --write ${file}`, 1)
  }
}

function fail(line: string, exitCode: number): never {
  stderr.write(`${line}\n`)
  exit(exitCode)
}
