import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { own } from '../machine/children.ts'
import { pinned } from '../machine/cores.ts'
import { freePort } from '../machine/free-port.ts'
import { readUsage } from '../machine/process-tree.ts'

/** A Node program that takes PORT. */
export interface Starter {
  readonly name: string
  readonly node: string
  readonly file: string
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

export interface Start {
  readonly firstAnswerMs: number
  readonly idleRssBytes: number
}

const POLL_MS = 2
const IDLE_MS = 2_000
const DEADLINE_MS = 20_000

/** Starts it, waits for the first 200 and then for quiet, and ends it. */
export async function timeStart({ name, node, file, env, cwd }: Starter): Promise<Start> {
  const port = await freePort()
  const adminPort = await freePort()
  const [command, ...args] = pinned('proxy', node, [file])
  const startedMs = performance.now()
  const child = spawn(command, args, {
    cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      ...env,
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
    },
    stdio: 'ignore',
  })
  own(child)
  while (!(await answersOk(port))) {
    if (child.exitCode !== null || performance.now() - startedMs > DEADLINE_MS) {
      throw new Error(`${name} does not start`)
    }
    await wait(POLL_MS)
  }
  const firstAnswerMs = performance.now() - startedMs
  await wait(IDLE_MS)
  const { rssBytes } = await readUsage(child.pid ?? 0)
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
  return { firstAnswerMs, idleRssBytes: rssBytes }
}

function answersOk(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      { port, host: '127.0.0.1', path: '/free/get', agent: false },
      (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode === 200))
      },
    )
    asked.once('error', () => resolve(false)).end()
  })
}
