import { randomUUID } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runDocker } from '../e2e/compose.ts'
import { waitUntil } from '../e2e/wait-until.ts'
import type { TestCertificate } from '../support/certificates.ts'
import { createAuthority, issueCertificate } from '../support/certificates.ts'
import type { Teardown } from '../support/demo-servers.ts'
import { createFolder } from '../support/files.ts'

/** A Keycloak of our own, with the realm that the project ships, on the network of this machine. */
export interface KeycloakContainer {
  /** Plain http, for everybody. */
  readonly url: string
  /** TLS that wants a client certificate of `authority`, which has signed the server's own too. */
  readonly tlsUrl: string
  readonly authority: TestCertificate
  readonly realm: string
  readonly adminPassword: string
  readonly clientSecret: string
  logs(): Promise<string>
}

export interface KeycloakContainerOptions {
  readonly port: number
  readonly tlsPort: number
  /** Certificates (PEM) that it trusts when it fetches somebody's keys. */
  readonly trusted: string | undefined
  readonly signal: AbortSignal
}

const NAME = 'scopelift-client-auth-keycloak'
const IMAGE = 'quay.io/keycloak/keycloak:26.7.5'
const READY_MS = 300_000
const REALM_FILE = fileURLToPath(
  new URL('../../keycloak/authentication-demo.json', import.meta.url),
)

/** It is on the host's network, since the keys of issuers are on the loopback. */
export async function startKeycloak(
  t: Teardown,
  options: KeycloakContainerOptions,
): Promise<KeycloakContainer> {
  const { port, tlsPort, trusted, signal } = options
  const authority = await createAuthority()
  const server = await issueCertificate(authority, 'keycloak')
  const folder = createFolder(t)
  folder.write({
    'ca.pem': authority.cert,
    'server.pem': server.cert,
    'server.key': server.key,
    ...(trusted === undefined ? {} : { 'trusted.pem': trusted }),
  })
  // The container's user is another one.
  chmodSync(folder.path('.'), 0o755)
  const remove = () => runDocker(['rm', '--force', '--volumes', NAME])
  await remove()
  t.teardown(remove)
  const adminPassword = randomUUID()
  const clientSecret = randomUUID()
  const url = `http://127.0.0.1:${port}`
  await runDocker(
    [
      ...['run', '--detach', '--name', NAME, '--network', 'host'],
      ...toEnvironment({
        KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
        KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword,
        KEYCLOAK_CLIENT_SECRET: clientSecret,
        JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m',
      }),
      ...['--volume', `${REALM_FILE}:/opt/keycloak/data/import/authentication-demo.json:ro`],
      ...['--volume', `${folder.path('.')}:/certs:ro`],
      ...[IMAGE, 'start-dev', '--import-realm', '--hostname', url],
      ...['--hostname-backchannel-dynamic', 'true', '--http-host', '127.0.0.1'],
      ...['--http-port', String(port), '--https-port', String(tlsPort)],
      ...['--https-certificate-file', '/certs/server.pem'],
      ...['--https-certificate-key-file', '/certs/server.key'],
      ...['--https-client-auth', 'required'],
      ...['--https-trust-store-file', '/certs/ca.pem', '--https-trust-store-type', 'PEM'],
      ...(trusted === undefined ? [] : ['--truststore-paths', '/certs/trusted.pem']),
    ],
    { signal },
  )
  const realm = 'authentication-demo'
  await waitUntil('Keycloak answers', READY_MS, async () => {
    signal.throwIfAborted()
    return isAnswering(`${url}/realms/${realm}`)
  })
  return {
    url,
    tlsUrl: `https://127.0.0.1:${tlsPort}`,
    authority,
    realm,
    adminPassword,
    clientSecret,
    logs: () => runDocker(['logs', '--tail', '20', NAME]),
  }
}

function toEnvironment(variables: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`])
}

async function isAnswering(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5000) })).ok
  } catch {
    return false
  }
}
