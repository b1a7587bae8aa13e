import { rootCertificates } from 'node:tls'
import type { buildConnector } from 'undici'
import { Agent } from 'undici'
import { createPatientConnector } from './patient-connector.ts'

/** uvicorn closes an idle connection after 5 s: one that we hold longer would reset a POST. */
const IDLE_MS = 3_500
// Challenges can be long, and a 64 KB one must be read to be dropped.
const MAX_HEAD_BYTES = 131_072

/** Connects to the protected resource. Certificates are verified, against `ca` where it is given. */
export function createUpstreamConnector(options: {
  readonly connectTimeoutMs: number
  readonly ca: readonly string[] | undefined
}): buildConnector.connector {
  return createPatientConnector(connectOptions(options.connectTimeoutMs, options.ca))
}

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
  readonly ca: readonly string[] | undefined
}): Agent {
  return new Agent({
    connect: createPatientConnector(connectOptions(options.timeoutMs, options.ca)),
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
    keepAliveTimeout: IDLE_MS,
    connections: MAX_KEYCLOAK_CONNECTIONS,
  })
}

/** The public authorities and those of CA_FILE; `undefined`: Node's own default. */
export function trustedAuthorities(ca: string | undefined): readonly string[] | undefined {
  return ca === undefined ? undefined : [...rootCertificates, ca]
}

// Keycloak does some 300 exchanges a second on a small machine: more connections only lengthen its queue.
const MAX_KEYCLOAK_CONNECTIONS = 64

function connectOptions(timeout: number, ca: readonly string[] | undefined) {
  return { timeout, ...(ca === undefined ? {} : { ca: [...ca] }) }
}
