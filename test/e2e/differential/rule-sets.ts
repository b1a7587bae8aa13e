import fc from 'fast-check'

/** One configuration of OGX with requests to ask it about. */
export interface RuleSet {
  /** JSON, which is YAML as well. */
  readonly config: string
  readonly env: Readonly<Record<string, string>>
  readonly requests: readonly { readonly target: string; readonly claims: Claims }[]
}

export type Claims = Readonly<Record<string, unknown>>

/** Of every kind: allowed ones, one that the default of DENIED_SCOPES denies, one that is neither. */
export const SCOPES = ['llama:a', 'llama:b', 'llama:c', 'llama:admin', 'openid'] as const

const ATTRIBUTES = ['scopes', 'teams', 'roles'] as const
const VALUES = [...SCOPES, 'red', 'u'] as const
const TARGETS = [
  '/',
  '/v1',
  '/v1/files',
  '/v1/files/',
  '/v1/files//',
  '/v1//files',
  '/v1/%66iles?after=1',
  '/v1/filesystem',
  '/v1/files/a1b2',
  '/v1/files/a.b',
  '/v1/models/stub%2Ftiny',
  '/v1/caf%C3%A9',
  '/v1/%F0%9F%98%80',
  '/v1/ab_c',
  '/v1/aaaa',
  '/v1beta/x%20y',
] as const

/** Pieces of expressions, whole ones and such as make Python refuse the whole. */
const REGEX_PIECES = [
  '/v1',
  '/',
  'files',
  'a',
  'b',
  '.',
  '.*',
  '.+?',
  '[a-z]+',
  '[^/]+',
  '[]a]',
  '[\\d_]',
  '[a-c-]',
  '\\d',
  '\\w+',
  '\\W',
  '\\S',
  '\\.',
  '\\b',
  '\\B',
  '\\Z',
  '\\A',
  '$',
  '^',
  '|',
  '(a|b)',
  '(?:/|x)',
  '(a*)*',
  '(a|a)+',
  '(',
  ')',
  '?',
  '*',
  '+',
  '{2}',
  '{,3}',
  '{1,}',
  '{',
  '}',
  '{,}',
  '[',
  '[z-a]',
  '\\',
  '(?i)',
  '(?=/)',
  '\\1',
  '(?P<n>a)',
  'a*+',
  'é',
  '😀',
  '\\/',
] as const

/** OGX's way to name a variable. */
function env(reference: string): string {
  return `$\{env.${reference}}`
}

const regex = fc
  .array(fc.constantFrom(...REGEX_PIECES), { maxLength: 6 })
  .map((pieces) => `regex:${pieces.join('')}`)
/** Begins like a path, so that it often matches. */
const likelyRegex = fc
  .array(fc.constantFrom(...REGEX_PIECES), { maxLength: 4 })
  .map((pieces) => `regex:/v1/${pieces.join('')}`)
const pathPattern = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('*', '/v1*', '/v1/files*', '/v1/files/*', '/v1/f*') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '/',
      '/v1/files',
      '/v1/files/',
      '/v1//files',
      '/v1/café',
      '/v1/models/stub/tiny',
    ),
  },
  { weight: 1, arbitrary: regex },
  { weight: 2, arbitrary: likelyRegex },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      `${env('T_PATH:=/v1/files*')}`,
      `/v1${env('T_TAIL:=/files')}`,
      `${env('T_SET:+/v1*')}x`,
      `/v1/${env('T_PATH')}`,
      `${env('T_SET:+')}`,
    ),
  },
)

const value = fc.constantFrom(...VALUES)
const attribute = fc.constantFrom(...ATTRIBUTES)
const condition = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(value, attribute).map(([v, a]) => `user with ${v} in ${a}`) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(...SCOPES).map((scope) => `user with ${scope} in scopes`),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(value, attribute).map(([v, a]) => `user  with ${v}\tnot in ${a}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'user is owner',
      'user is not owner',
      'user in owners teams',
      'user not in owners teams',
      'resource is unowned',
      `user with ${env('T_SCOPE:=llama:a')} in scopes`,
      `${env('T_SET:+user with llama:b in scopes')}`,
      `${env('T_SET:+user with llama:c in scopes')}`,
      `user with ${env('T_SCOPE')} in scopes`,
    ),
  },
)

const clause = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 4, arbitrary: condition.map((when) => ({ when })) },
  { weight: 3, arbitrary: fc.array(condition, { maxLength: 3 }).map((when) => ({ when })) },
  { weight: 3, arbitrary: condition.map((unless) => ({ unless })) },
  { weight: 3, arbitrary: fc.array(condition, { maxLength: 3 }).map((unless) => ({ unless })) },
)
const scope = fc
  .oneof(pathPattern, fc.array(pathPattern, { maxLength: 3 }))
  .map((paths) => ({ paths }))
const rule = fc
  .tuple(fc.constantFrom('permit', 'permit', 'forbid'), scope, clause)
  .map(([effect, paths, conditions]) => ({ [effect]: paths, ...conditions }))

const CLAIM_KEYS = ['scope', 'groups', 'realm_access.roles', 'a.b', 'a\\.b', 'sub', 'x'] as const
const claimsMapping = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constant({ scope: 'scopes', groups: 'teams', 'realm_access.roles': 'roles' }),
  },
  { weight: 1, arbitrary: fc.constant(undefined) },
  {
    weight: 3,
    arbitrary: fc
      .uniqueArray(fc.tuple(fc.constantFrom(...CLAIM_KEYS), attribute), {
        selector: ([key]) => key,
      })
      .map((entries) => Object.fromEntries([...entries, ['scope', 'scopes']])),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ scope: `${env('T_ATTRIBUTE:=scopes')}`, groups: 'teams' }),
  },
)
const values = fc.oneof(
  fc.subarray([...VALUES]),
  fc.subarray([...VALUES]).map((list) => list.join('  ')),
  fc.constantFrom(null, 7, true, {}),
)
const claims = fc
  .record(
    {
      scope: fc.oneof(
        { weight: 6, arbitrary: fc.subarray([...SCOPES]).map((list) => list.join(' ')) },
        { weight: 1, arbitrary: fc.subarray([...SCOPES]) },
      ),
      groups: values,
      realm_access: fc.oneof(
        values.map((roles) => ({ roles })),
        values,
      ),
      'a.b': values,
      a: fc.oneof(
        values.map((b) => ({ b })),
        values,
      ),
      x: values,
    },
    { requiredKeys: [] },
  )
  .map((record): Claims => ({ sub: 'u', ...record }))

const variables = fc.record(
  {
    T_PATH: fc.constantFrom('/v1/files', '', '12', 'true', '~/x'),
    T_TAIL: fc.constantFrom('*', '//files'),
    T_SET: fc.constantFrom('yes', ''),
    T_SCOPE: fc.constantFrom('llama:b', 'llama:c'),
  },
  { requiredKeys: [] },
)

const providerConfig = claimsMapping.map((mapping) => ({
  type: 'oauth2_token',
  jwks: { uri: 'http://keycloak.invalid/certs' },
  ...(mapping && { claims_mapping: mapping }),
}))

/** A rule set with a dozen requests, each with a caller of its own. */
export const ruleSets: fc.Arbitrary<RuleSet> = fc
  .tuple(
    fc.array(rule, { minLength: 1, maxLength: 6 }),
    fc.oneof(
      { weight: 20, arbitrary: providerConfig },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
    variables,
    fc.array(fc.record({ target: fc.constantFrom(...TARGETS), claims }), {
      minLength: 12,
      maxLength: 12,
    }),
  )
  .map(([route_policy, provider_config, set, requests]) => ({
    config: JSON.stringify({ server: { auth: { provider_config, route_policy } } }),
    env: Object.fromEntries(Object.entries(set).filter((entry) => entry[1] !== undefined)),
    requests,
  }))
