import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import type { Answer } from './answer.ts'
import type { Corpus } from './corpus.ts'
import type { Program } from './program.ts'
import { startProgram } from './program.ts'

/** One Scopelift that listens. */
export interface Running {
  readonly name: string
  readonly url: string
  readonly adminUrl: string
  readonly program: Program
  /** What the answers were, for the account at the end. */
  note(answer: Answer): void
  /** Asks an admin page, and keeps head and body for the search. */
  ask(path: string, init?: RequestInit): Promise<string>
}

export interface StartOptions {
  /** Says in a failure which process it was. */
  readonly name: string
  /** Over what every Scopelift of the house is given; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly args?: readonly string[]
  readonly nodeArgs?: readonly string[]
  /** Where crash reports go, if there may be any. */
  readonly reports?: string
  /** How it ends; after a crash there is nobody to be asked or stopped. */
  readonly end?: 'stopped' | 'crashed'
  /** An exit code that is right too, where it is not known whether the start succeeds. */
  readonly mayEnd?: number
  /** None: an empty one. */
  readonly cwd?: string
  /** Names of files that were put into it. */
  readonly ours?: readonly string[]
}

export interface StarterOptions {
  readonly corpus: Corpus
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

/** Outcomes and codes that callers saw, and results that the metrics counted, over all processes. */
export const SEEN = {
  outcomes: new Set<string>(),
  codes: new Set<string>(),
  results: new Set<string>(),
}

const ADMIN_DEADLINE_MS = 10_000
const RESULT = /^scopelift_exchanges_total\{result="([\w-]+)"\} [1-9]/gm

export function createStarter({ corpus, folder, env }: StarterOptions) {
  async function start(options: StartOptions): Promise<{ program: Program; cwd: string }> {
    const cwd = options.cwd ?? (await mkdtemp(join(folder, 'cwd-')))
    const { args = [], nodeArgs = [] } = options
    const merged = Object.entries({ ...env, ...options.env })
    const set = merged.filter((entry): entry is [string, string] => entry[1] !== undefined)
    return { program: startProgram({ env: Object.fromEntries(set), cwd, args, nodeArgs }), cwd }
  }

  async function keep(options: StartOptions, program: Program, cwd: string): Promise<void> {
    corpus.add('stdout', options.name, program.stdout())
    corpus.add('stderr', options.name, program.stderr())
    await corpus.addFolder('file left behind', options.name, cwd, options.ours ?? [])
    if (options.reports !== undefined) {
      await corpus.addFolder('crash report', options.name, options.reports, [])
    }
  }

  async function withScopelift(
    options: StartOptions,
    work: (running: Running) => Promise<void>,
  ): Promise<void> {
    const { program, cwd } = await start(options)
    const end = options.end ?? 'stopped'
    try {
      const addresses = await program.listening
      const running = createRunning(options.name, addresses, program, corpus)
      await work(running)
      if (end === 'stopped') await askAll(running)
    } catch (error) {
      if (options.mayEnd === undefined || (await program.ended) !== options.mayEnd) throw error
    } finally {
      if (end === 'stopped') program.signal('SIGTERM')
      await program.ended
      await keep(options, program, cwd)
    }
    const expected: readonly unknown[] = [end === 'stopped' ? 0 : 1, options.mayEnd]
    assert.ok(expected.includes(await program.ended), `${options.name}: exit code`)
  }

  return {
    withScopelift,
    async expectExit(code: number, options: StartOptions): Promise<void> {
      const { program, cwd } = await start(options)
      const ended = await program.ended
      await keep(options, program, cwd)
      assert.equal(ended, code, `${options.name}: exit code`)
    },
  }
}

function createRunning(
  name: string,
  addresses: { readonly url: string; readonly adminUrl: string },
  program: Program,
  corpus: Corpus,
): Running {
  return {
    name,
    ...addresses,
    program,
    note({ outcome, code }) {
      if (outcome !== undefined) SEEN.outcomes.add(outcome)
      if (code !== undefined) SEEN.codes.add(code)
    },
    async ask(path, init) {
      const signal = AbortSignal.timeout(ADMIN_DEADLINE_MS)
      const answer = await fetch(addresses.adminUrl + path, { ...init, signal })
      const body = await answer.text()
      const head = [...answer.headers].map((line) => line.join(': ')).join('\n')
      corpus.add(kindOf(path), name, `${head}\n\n${body}`)
      return body
    },
  }
}

function kindOf(path: string) {
  if (path.startsWith('/metrics')) return 'metrics'
  return path.startsWith('/readyz') ? 'readiness' : 'health'
}

async function askAll(running: Running): Promise<void> {
  await running.ask('/healthz')
  await running.ask('/readyz')
  const metrics = await running.ask('/metrics')
  for (const [, result = ''] of metrics.matchAll(RESULT)) SEEN.results.add(result)
}
