import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthorizationServer } from '../../demo/authorization-server/start-authorization-server.ts'
import type { Teardown } from '../support/demo-servers.ts'
import { startDemoRealm } from '../support/demo-servers.ts'
import type { RunningScopelift } from '../support/scopelift.ts'
import { startScopelift } from '../support/scopelift.ts'
import type { Handle } from '../support/upstream.ts'
import { readAll, requireScope } from '../support/upstream.ts'
import type { Answer } from './answer.ts'
import { fieldsOf } from './answer.ts'
import type { KitUpstream, OnUpgrade, Stand } from './kit-upstream.ts'
import { ok, startKitUpstream } from './kit-upstream.ts'
import type { Call } from './wire.ts'
import { send } from './wire.ts'

/** What alice may have and a fresh token of hers does not hold. */
export const SCOPE = 'llama:agent_create'
export const OTHER_SCOPE = 'llama:agent_session_create'

/** Where the real application is started, before a Keycloak that fails, lies and counts as it is told. */
export interface Lab {
  readonly realm: AuthorizationServer
}

/** One Scopelift before one upstream; the Keycloak is the lab's. */
export interface House {
  readonly url: string
  readonly adminUrl: string
  readonly realm: AuthorizationServer
  readonly scopelift: RunningScopelift
  readonly upstream: KitUpstream
  /** The one stand that the house was built with. */
  readonly stand: Stand
  /** Exchanges at Keycloak since the house was built. */
  readonly exchanges: () => number
  /** A call to the stand, by default a POST with a short body. */
  call(call?: Call): Promise<Answer>
}

export interface HouseOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly upgrade?: OnUpgrade
  /** Another Keycloak than the lab's. */
  readonly realm?: AuthorizationServer
  /** The text of a POLICY_FILE; `STAND` in it is the path of the stand. */
  readonly policy?: string
}

export async function startLab(t: Teardown): Promise<Lab> {
  return { realm: await startDemoRealm(t) }
}

export async function buildHouse(
  lab: Lab & Teardown,
  handle: Handle = protectedHandle,
  options: HouseOptions = {},
): Promise<House> {
  const realm = options.realm ?? lab.realm
  realm.faults.clear()
  const upstream = await startKitUpstream(lab)
  const stand = upstream.serve(handle, options.upgrade)
  const policy =
    options.policy === undefined
      ? {}
      : { POLICY_FILE: writeTemporary(lab, options.policy.replaceAll('STAND', stand.path)) }
  const scopelift = await startScopelift(lab, {
    upstreamUrl: upstream.url,
    authorizationServer: realm,
    env: { ...policy, ...options.env },
  })
  const before = realm.exchanges
  const { url, adminUrl } = scopelift
  return {
    url,
    adminUrl,
    realm,
    scopelift,
    upstream,
    stand,
    exchanges: () => realm.exchanges - before,
    call: (call = {}) => send(url, { method: 'POST', body: '{}', target: stand.path, ...call }),
  }
}

/** Denies as RFC 6750 says, before it reads the body. */
export const protectedHandle: Handle = (req, res, seen) =>
  requireScope(req, res, SCOPE) ? ok(req, res, seen) : undefined

/** The same, but the body is read first. */
export const patientHandle: Handle = async (req, res, seen) => {
  await readAll(req, seen)
  if (requireScope(req, res, SCOPE)) res.end('ok')
}

/** A token that holds none of the scopes that upstreams here ask for. */
export function tokenOf(
  { realm }: Pick<Lab, 'realm'>,
  user = 'alice',
  more: { readonly expiresInS?: number; readonly claims?: Readonly<Record<string, unknown>> } = {},
): Promise<string> {
  return realm.issueSubjectToken({ user, scope: 'openid', ...more })
}

export function outcomeOf(answer: Answer): string | undefined {
  return fieldsOf(answer, 'scopelift-outcome')[0]
}

/** A file that is gone at the end of the check. */
export function writeTemporary(t: Teardown, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'scopelift-security-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'file.yaml')
  writeFileSync(path, text)
  return path
}

/** Waits for a state, not for a time. */
export async function until(isMet: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endsAtMs = performance.now() + 8_000
  while (!(await isMet())) {
    if (performance.now() > endsAtMs) throw new Error(`${what} did not come`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
