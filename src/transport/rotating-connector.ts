import type { SecureContext } from 'node:tls'
import type { buildConnector } from 'undici'
import { createPatientConnector } from './patient-connector.ts'

export interface RotatingConnectorOptions {
  readonly timeoutMs: number
  /** Another object when certificates have changed; `undefined`: TLS as Node makes it. Asked for each connection. */
  readonly secureContext: () => SecureContext | undefined
}

/**
 * Connects with the certificates as they are now; connections that stand keep theirs. Each context has a connector of its
 * own, since undici's keeps TLS sessions: a resumed one would show the certificate of the session before, and trust as then.
 */
export function createRotatingConnector(
  options: RotatingConnectorOptions,
): buildConnector.connector {
  const { timeoutMs: timeout } = options
  let context = options.secureContext()
  let connect = create()

  function create(): buildConnector.connector {
    return createPatientConnector(
      context === undefined ? { timeout } : { timeout, secureContext: context },
    )
  }

  return (target, callback) => {
    const current = options.secureContext()
    if (current !== context) {
      context = current
      connect = create()
    }
    connect(target, callback)
  }
}
