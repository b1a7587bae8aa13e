import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pinned } from '../machine/cores.ts'
import type { Installed } from '../machine/installed.ts'
import type { LoadGenerator } from './load.ts'

const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url))
const run = promisify(execFile)

/** The lightest there is: on two cores the load must not take what the upstream needs. */
export function createWrk({ command, version }: Installed): LoadGenerator {
  return {
    name: `wrk ${version}`,
    async run({ url, method, bodyBytes, tokenFile, connections, seconds }) {
      const loop = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '20s', '-s', SCRIPT]
      const order = [...loop, url, '--', method, String(bodyBytes), tokenFile]
      const [file, ...args] = pinned('load', command, order)
      const { stdout } = await run(file, args, { timeout: (seconds + 120) * 1000 })
      const result = /^RESULT (.*)$/m.exec(stdout)?.[1]?.split(' ').map(Number)
      const [answered = 0, failed = 0, micros = 1, p50 = 0, p99 = 0] = result ?? []
      if (answered === 0) throw new Error(`wrk had no answer: ${stdout}`)
      return { answered, failed, seconds: micros / 1e6, p50Ms: p50 / 1000, p99Ms: p99 / 1000 }
    },
  }
}
