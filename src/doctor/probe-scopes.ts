import type { Secret } from '../secret.ts'
import type { Answered, TokenEndpoint, TokenReply } from './token-endpoint.ts'

export interface ScopeProbe {
  /** The scopes that the client may ask for. */
  readonly attached: readonly string[]
  readonly notAttached: readonly string[]
  /** Those that came back, of those that are attached. */
  readonly granted: ReadonlySet<string>
  /** The last answer that brought a token. */
  readonly issued: Answered | undefined
  /** What ended the probe before all were asked for. */
  readonly obstacle: TokenReply | undefined
}

export interface ProbeScopesOptions {
  readonly tokenEndpoint: TokenEndpoint
  readonly subjectToken: Secret
  readonly scopes: readonly string[]
}

/** More in one request could pass the length that Keycloak reads. */
const SCOPES_AT_ONCE = 10

/** Asks for scopes together, and one by one where a set is refused: one that is not attached refuses the whole set. */
export async function probeScopes(options: ProbeScopesOptions): Promise<ScopeProbe> {
  const probe = createProbe()
  for (const scopes of inChunks(options.scopes)) {
    const refused = await askFor(scopes, options, probe)
    if (probe.obstacle !== undefined) break
    if (!refused) continue
    for (const scope of scopes) {
      const isRefused = await askFor([scope], options, probe)
      if (probe.obstacle !== undefined) break
      if (isRefused) probe.notAttached.push(scope)
    }
  }
  return probe
}

function createProbe() {
  const probe: {
    attached: string[]
    notAttached: string[]
    granted: Set<string>
    issued: Answered | undefined
    obstacle: TokenReply | undefined
  } = {
    attached: [],
    notAttached: [],
    granted: new Set(),
    issued: undefined,
    obstacle: undefined,
  }
  return probe
}

/** Whether Keycloak refuses the set. */
async function askFor(
  scopes: readonly string[],
  { tokenEndpoint, subjectToken }: ProbeScopesOptions,
  probe: ReturnType<typeof createProbe>,
): Promise<boolean> {
  const reply = await tokenEndpoint.exchange({ subjectToken, scopes, audience: [] })
  if (reply.kind === 'answered' && reply.answer.kind === 'invalid-scopes') return true
  if (reply.kind !== 'answered' || reply.answer.kind !== 'issued') {
    probe.obstacle = reply
    return false
  }
  const { answer } = reply
  probe.issued = reply
  probe.attached.push(...scopes)
  for (const scope of scopes) if (answer.scopes.has(scope)) probe.granted.add(scope)
  return false
}

/** At least one, if empty: an exchange without scopes shows too whether the token can be exchanged. */
function inChunks(scopes: readonly string[]): readonly (readonly string[])[] {
  const count = Math.max(1, Math.ceil(scopes.length / SCOPES_AT_ONCE))
  return Array.from({ length: count }, (_, index) =>
    scopes.slice(index * SCOPES_AT_ONCE, (index + 1) * SCOPES_AT_ONCE),
  )
}
