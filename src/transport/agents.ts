import type { SecureContext } from 'node:tls'
import type { buildConnector } from 'undici'
import { Agent } from 'undici'
import { createRotatingConnector } from './rotating-connector.ts'

/** uvicorn closes an idle connection after 5 s: one that we hold longer would reset a POST. */
const IDLE_MS = 3_500
// Challenges can be long, and a 64 KB one must be read to be dropped.
const MAX_HEAD_BYTES = 131_072

/** The pool to the protected resource; bodies have no time limit. */
export function createUpstreamAgent(options: {
  readonly connect: buildConnector.connector
  readonly headersTimeoutMs: number
}): Agent {
  return new Agent({
    connect: options.connect,
    headersTimeout: options.headersTimeoutMs,
    bodyTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    maxHeaderSize: MAX_HEAD_BYTES,
  })
}

/** The pool to Keycloak; each call brings its own deadline. */
export function createKeycloakAgent(options: {
  readonly timeoutMs: number
  readonly secureContext: () => SecureContext | undefined
}): Agent {
  return new Agent({
    connect: createRotatingConnector(options),
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
    keepAliveTimeout: IDLE_MS,
    connections: MAX_KEYCLOAK_CONNECTIONS,
  })
}

// Keycloak does some 300 exchanges a second on a small machine: more connections only lengthen its queue.
const MAX_KEYCLOAK_CONNECTIONS = 64
