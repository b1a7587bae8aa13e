import { readFileSync } from 'node:fs'

/** One way to set the pod up: how the client authenticates, and where the policy comes from. */
export interface Mode {
  readonly name: string
  readonly overlay: string
  /** The chart's values for the same pod. */
  readonly values: Readonly<Record<string, unknown>>
}

const AUTHENTICATION = {
  'client-secret': 'client_secret_basic',
  'federated-jwt': 'federated_jwt',
} as const

const POLICY_FILE = readFileSync('deploy/kustomize/example-policy/policy.yaml', 'utf8')

const POLICIES = {
  'llama-stack-config': { llamaStackConfig: true },
  'policy-file': { llamaStackConfig: false, file: POLICY_FILE },
} as const

/** What the base of the Kustomize files has, under the chart's names. */
export const BASE_VALUES = {
  fullnameOverride: 'llama-stack',
  settings: {
    KEYCLOAK_SERVER_URL: 'https://keycloak.example.com',
    KEYCLOAK_REALM: 'example',
    KEYCLOAK_ISSUER: 'https://keycloak.example.com/realms/example',
    KEYCLOAK_CLIENT_ID: 'scopelift',
    KEYCLOAK_AUDIENCE: 'llama-stack',
  },
} as const

/** Each has an overlay of its own. */
export const MODES: readonly Mode[] = Object.entries(AUTHENTICATION).flatMap(([auth, method]) =>
  Object.entries(POLICIES).map(([source, policy]) => ({
    name: `${auth}, ${source}`,
    overlay: `deploy/kustomize/overlays/${auth}-${source}`,
    values: { ...BASE_VALUES, clientAuthentication: { method }, policy },
  })),
)
