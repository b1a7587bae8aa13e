import { CLIENT_FINDINGS } from './client-findings.ts'
import type { Catalogue } from './entry.ts'
import { POLICY_FINDINGS } from './policy-findings.ts'
import { REALM_FINDINGS } from './realm-findings.ts'
import { SETTINGS_FINDINGS } from './settings-findings.ts'
import { TOKEN_FINDINGS } from './token-findings.ts'
import { UPSTREAM_FINDINGS } from './upstream-findings.ts'

/** The chapters of the catalogue, in the order in which doctor works. */
export const CHAPTERS = {
  Settings: SETTINGS_FINDINGS,
  Policy: POLICY_FINDINGS,
  Keycloak: REALM_FINDINGS,
  'The requester client': CLIENT_FINDINGS,
  "A caller's token": TOKEN_FINDINGS,
  'The upstream': UPSTREAM_FINDINGS,
} as const satisfies Record<string, Catalogue>

/** Everything that doctor can say, by id; README's troubleshooting is made of it. */
export const CATALOGUE = {
  ...SETTINGS_FINDINGS,
  ...POLICY_FINDINGS,
  ...REALM_FINDINGS,
  ...CLIENT_FINDINGS,
  ...TOKEN_FINDINGS,
  ...UPSTREAM_FINDINGS,
} as const satisfies Catalogue

export type FindingId = keyof typeof CATALOGUE
