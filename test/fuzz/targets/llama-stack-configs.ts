import { performance } from 'node:perf_hooks'
import fc from 'fast-check'
import { createLlamaStackRoutes } from '../../../src/policy/llama-stack/llama-stack-routes.ts'
import {
  LlamaStackConfigError,
  parseLlamaStackConfig,
} from '../../../src/policy/llama-stack/parse-llama-stack-config.ts'
import { createSubjectTokenReader } from '../../../src/subject-token.ts'
import { createTarget } from '../target.ts'
import { MAX_READ_MS, yamlTexts } from '../yaml-texts.ts'

const WORDS = [
  ...[
    'server',
    'auth',
    'route_policy',
    'provider_config',
    'type',
    'oauth2_token',
    'claims_mapping',
    'permit',
    'forbid',
    'paths',
    'when',
    'unless',
  ],
  ...[
    '"/v1/files*"',
    '"/v1/[a-z]+"',
    '"^(a+)+$"',
    'user with a in scopes',
    'user with b not in roles',
    'user is owner',
    'scope',
    'scopes',
    'description',
  ],
]
const VALID = [
  'server:\n  auth:\n    provider_config: { type: oauth2_token, claims_mapping: { scope: scopes, sub: roles } }\n    route_policy:\n      - permit: { paths: "/v1/files*" }\n        when: user with a in scopes\n      - forbid: { paths: ["/v1/[a-z]+", "/x"] }\n        unless: [user with b in roles]\n',
  `version: 2\nserver:\n  auth:\n    provider_config: { type: "$\{env.TYPE:=oauth2_token}" }\n    route_policy:\n    - permit: { paths: "$\{env.A}" }\n`,
]
const SCOPE_RULES = { isAllowed: () => true, isDenied: () => false }
const PATHS = ['/', '/v1/files', '/v1/files/a', '/v1/abc', `/${'a'.repeat(3000)}`]

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const SUBJECT = createSubjectTokenReader({ maxEntries: 1 })(
  `Bearer ${encode({ alg: 'RS256' })}.${encode({ scope: 'a c', roles: ['b'], sub: 'x' })}.x`,
)

/** A configuration of Llama Stack is read or refused, and what was read judges any path. */
export const llamaStackConfigs = createTarget('llama-stack-configs', 3, () =>
  fc.property(yamlTexts(WORDS, VALID), (text) => {
    const startedMs = performance.now()
    try {
      const policy = parseLlamaStackConfig(text, { A: '/v1/a*' })
      const routes = createLlamaStackRoutes({ policy, scopeRules: SCOPE_RULES })
      for (const path of PATHS) {
        routes.find(path, undefined)
        routes.find(path, SUBJECT?.claims)
      }
    } catch (error) {
      if (!(error instanceof LlamaStackConfigError)) throw error
      if (error.mistakes.length === 0 || error.mistakes.length > 51) return false
    }
    return performance.now() - startedMs < MAX_READ_MS
  }),
)
