import type { ClaimsMapping } from './claim-attributes.ts'
import { DEFAULT_CLAIMS_MAPPING } from './claim-attributes.ts'
import type { LlamaStackPolicy } from './route-access-rule.ts'
import type { Environment } from './substitute-env.ts'
import { substituteEnv } from './substitute-env.ts'

export interface ProviderReading {
  readonly policy: Pick<LlamaStackPolicy, 'attributes' | 'claimsMapping'>
  readonly warnings: readonly string[]
  readonly mistake: string | undefined
}

/** `server.auth.provider_config`: where OGX has a caller's attributes from. */
export function readProvider(config: unknown, env: Environment): ProviderReading {
  if (config === undefined || config === null) {
    const policy = { attributes: 'no-user', claimsMapping: new Map<string, string>() } as const
    const warning =
      'server.auth.provider_config is absent: OGX knows no user, so no conditional rule ever matches'
    return { policy, warnings: [warning], mistake: undefined }
  }
  if (!(config instanceof Map)) {
    return {
      ...nothingKnown('server.auth.provider_config'),
      mistake: 'provider_config is a mapping',
    }
  }
  const type = config.get('type')
  // Like OGX: an empty type turns authentication off.
  const substituted = typeof type === 'string' ? substituteEnv(type, env) : undefined
  if (substituted?.kind === 'none' || type === '') return readProvider(undefined, env)
  if (
    substituted !== undefined &&
    (substituted.kind !== 'text' || substituted.text !== 'oauth2_token')
  ) {
    return nothingKnown('a server.auth.provider_config.type other than oauth2_token')
  }
  return readMapping(config.get('claims_mapping'), env)
}

function readMapping(mapping: unknown, env: Environment): ProviderReading {
  if (mapping === undefined) return known(DEFAULT_CLAIMS_MAPPING)
  if (!(mapping instanceof Map)) {
    return { ...known(new Map()), mistake: 'claims_mapping is a mapping of claims to attributes' }
  }
  const claims = new Map<string, string>()
  const warnings: string[] = []
  for (const [claim, attribute] of mapping) {
    if (typeof claim !== 'string' || typeof attribute !== 'string') {
      return {
        ...known(new Map()),
        mistake: 'claims_mapping maps a text to a text, e.g. scope: scopes',
      }
    }
    const substituted = substituteEnv(attribute, env)
    if (substituted.kind === 'text') claims.set(claim, substituted.text)
    else warnings.push(...nothingKnown('a claims_mapping that is not resolved here').warnings)
  }
  if (warnings.length === 0) return known(claims)
  return {
    policy: { attributes: 'incomplete', claimsMapping: claims },
    warnings: warnings.slice(0, 1),
    mistake: undefined,
  }
}

function known(claimsMapping: ClaimsMapping): ProviderReading {
  return { policy: { attributes: 'known', claimsMapping }, warnings: [], mistake: undefined }
}

function nothingKnown(what: string): ProviderReading {
  return {
    policy: { attributes: 'incomplete', claimsMapping: new Map() },
    warnings: [
      `${what}: a caller's attributes are not known here, so name its routes in POLICY_FILE`,
    ],
    mistake: undefined,
  }
}
