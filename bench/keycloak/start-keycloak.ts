import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { isJsonObject } from '../../src/json-object.ts'
import { own } from '../machine/children.ts'
import { pinPid } from '../machine/cores.ts'

/** The demo's authorization server in a process of its own. */
export interface Keycloak {
  readonly url: string
  readonly realm: string
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly secret: string
  /** Login tokens of alice, each with a session of its own; they hold no scope of the upstream. */
  mint(count: number): Promise<readonly string[]>
  /** Exchanges so far. */
  exchanges(): Promise<number>
  close(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('../programs/keycloak.ts', import.meta.url))
const SECRET = 'a secret of 100%+1 characters'
/** In one message; a hundred thousand tokens would be one of 100 MB. */
const MINTED_AT_ONCE = 1_000

export async function startKeycloak(): Promise<Keycloak> {
  const child = fork(PROGRAM, {
    execArgv: ['--import=tsx'],
    env: { PATH: process.env['PATH'] ?? '', KEYCLOAK_CLIENT_SECRET: SECRET },
  })
  own(child)
  if (child.pid !== undefined) pinPid('load', child.pid)
  const hear = async () => {
    const [message] = await once(child, 'message', { signal: AbortSignal.timeout(60_000) })
    if (!isJsonObject(message)) throw new TypeError('Keycloak said nothing that can be read')
    return message
  }
  const ask = (mint: number) => {
    const answer = hear()
    child.send({ mint })
    return answer
  }
  const address = await hear()
  return {
    url: String(address['url']),
    realm: String(address['realm']),
    issuer: String(address['issuer']),
    tokenEndpoint: String(address['tokenEndpoint']),
    secret: SECRET,
    async mint(count) {
      const tokens: string[] = []
      while (tokens.length < count) {
        const answer = await ask(Math.min(MINTED_AT_ONCE, count - tokens.length))
        if (Array.isArray(answer['tokens'])) tokens.push(...answer['tokens'].map(String))
      }
      return tokens
    },
    exchanges: async () => Number((await ask(0))['exchanges']),
    async close() {
      if (child.exitCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}
