import { readFileSync } from 'node:fs'
import type { AuthorizationServer } from '../../demo/authorization-server/start-authorization-server.ts'
import type { App } from '../../src/app.ts'
import { createApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { createLogger } from '../../src/observability/logger.ts'
import type { Teardown } from './demo-servers.ts'
import { REQUESTER, REQUESTER_SECRET } from './demo-servers.ts'

export interface RunningScopelift {
  readonly url: string
  readonly adminUrl: string
  /** Every log line so far, parsed. */
  readonly log: readonly LogLine[]
  /** The audit lines so far. */
  readonly audit: readonly LogLine[]
  /** All that was logged, as it was written. */
  readonly output: () => string
  close(): Promise<void>
}

export type LogLine = Readonly<Record<string, unknown>>

/** The real application on free ports of the loopback, before `upstreamUrl` and with that authorization server. */
export async function startScopelift(
  t: Teardown,
  options: {
    readonly upstreamUrl: string
    readonly authorizationServer: Pick<AuthorizationServer, 'url' | 'realm'>
    readonly env?: Readonly<Record<string, string>>
  },
): Promise<RunningScopelift> {
  const lines: string[] = []
  const log = createLogger({ level: 'debug', destination: { write: (line) => lines.push(line) } })
  const config = loadConfig({
    env: {
      KEYCLOAK_SERVER_URL: options.authorizationServer.url,
      KEYCLOAK_REALM: options.authorizationServer.realm,
      KEYCLOAK_CLIENT_ID: REQUESTER,
      KEYCLOAK_CLIENT_SECRET: REQUESTER_SECRET,
      KEYCLOAK_AUDIENCE: REQUESTER,
      UPSTREAM_URL: options.upstreamUrl,
      PORT: '0',
      ADMIN_PORT: '0',
      ...options.env,
    },
    readFile: (path) => readFileSync(path, 'utf8'),
  })
  const app = await createApp(config, { log, env: {} })
  const addresses = await app.listen()
  const close = closeOnce(app)
  t.teardown(close)
  const parsed = () => lines.map((line): LogLine => JSON.parse(line))
  return {
    ...addresses,
    get log() {
      return parsed()
    },
    get audit() {
      return parsed().filter((line) => line['msg'] === 'audit')
    },
    output: () => lines.join(''),
    close,
  }
}

function closeOnce(app: App): () => Promise<void> {
  let closing: Promise<void> | undefined
  return () => {
    closing ??= app.close()
    return closing
  }
}
