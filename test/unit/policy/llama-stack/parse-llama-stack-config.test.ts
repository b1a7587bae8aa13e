import t from 'tap'
import {
  LlamaStackConfigError,
  parseLlamaStackConfig,
} from '../../../../src/policy/llama-stack/parse-llama-stack-config.ts'

const ref = (inner: string) => `$\{env.${inner}}`

function configOf(
  rules: string,
  provider = 'type: oauth2_token, claims_mapping: { scope: scopes }',
) {
  return `version: 2
server:
  auth:
    provider_config: { ${provider} }
    route_policy:
${rules}
`
}

function mistakesOf(text: string): readonly (readonly [number, string])[] {
  try {
    parseLlamaStackConfig(text, {})
  } catch (error) {
    if (!(error instanceof LlamaStackConfigError)) throw error
    return error.mistakes.map(({ line, reason }) => [line, reason] as const)
  }
  return []
}

t.test('rules and mapping are read, everything else is not looked at', (t) => {
  const policy = parseLlamaStackConfig(
    configOf(`    - permit: {paths: ["/v1/health", "/v1/version"]}
    - forbid: {paths: "/v1/x*"}
      unless: user with a in scopes
      description: anything`),
    {},
  )
  t.same(policy, {
    rules: [
      {
        number: 1,
        effect: 'permit',
        paths: [
          { kind: 'exact', path: '/v1/health' },
          { kind: 'exact', path: '/v1/version' },
        ],
        conditions: [],
      },
      {
        number: 2,
        effect: 'forbid',
        paths: [{ kind: 'prefix', prefix: '/v1/x' }],
        conditions: [{ kind: 'attribute', attribute: 'scopes', value: 'a', isWanted: false }],
      },
    ],
    claimsMapping: new Map([['scope', 'scopes']]),
    attributes: 'known',
    warnings: [],
  })
  t.end()
})

t.test('an absent mapping is the default one', (t) => {
  const policy = parseLlamaStackConfig(
    configOf('    - permit: {paths: "*"}', 'type: oauth2_token'),
    {},
  )
  t.equal(policy.claimsMapping.get('groups'), 'teams')
  t.equal(policy.claimsMapping.has('scope'), false)
  t.end()
})

t.test('merge keys and repeated keys are read as PyYAML reads them', (t) => {
  const policy = parseLlamaStackConfig(
    `x: &x { paths: "/a" }\n${configOf('    - permit: { <<: *x }\n    - permit: { paths: "/b", paths: "/c" }')}`,
    {},
  )
  t.same(
    policy.rules.map((rule) => rule.paths),
    [[{ kind: 'exact', path: '/a' }], [{ kind: 'exact', path: '/c' }]],
  )
  t.end()
})

t.test('no route policy means that no scope is named, with a warning', (t) => {
  for (const text of [
    'a: 1',
    'server: {}',
    'server: { auth: }',
    'server: { auth: { provider_config: } }',
  ]) {
    const { rules, warnings } = parseLlamaStackConfig(text, {})
    t.same(rules, [], text)
    t.match(warnings.join(), /route_policy is absent/, text)
  }
  t.end()
})

t.test('without a provider there is no user', (t) => {
  const rule = '    - permit: {paths: "*"}'
  for (const provider of [`type: "${ref('UNSET:+oauth2_token')}"`, 'type: ""']) {
    t.equal(parseLlamaStackConfig(configOf(rule, provider), {}).attributes, 'no-user', provider)
  }
  t.end()
})

t.test('attributes that do not come from the token are incomplete, with a warning', (t) => {
  const rule = '    - permit: {paths: "*"}'
  const providers = [
    'type: custom, endpoint: "http://x"',
    `type: "${ref('UNSET')}"`,
    `type: oauth2_token, claims_mapping: { scope: "${ref('UNSET')}" }`,
  ]
  for (const provider of providers) {
    const policy = parseLlamaStackConfig(configOf(rule, provider), {})
    t.equal(policy.attributes, 'incomplete', provider)
    t.equal(policy.warnings.length, 1, provider)
  }
  t.end()
})

t.test('variables are taken from the environment', (t) => {
  const { rules } = parseLlamaStackConfig(
    configOf(`    - permit: {paths: "${ref('BASE:=/v1')}/files"}
      when: "${ref('STRICT:+user with a in scopes')}"`),
    { BASE: '/v2' },
  )
  t.same(rules[0]?.paths, [{ kind: 'exact', path: '/v2/files' }])
  t.same(rules[0]?.conditions, [])
  t.end()
})

t.test('what cannot be translated is told by rule number, and nothing of its text', (t) => {
  const { warnings } = parseLlamaStackConfig(
    configOf(`    - permit: {paths: "*"}
      when: user with x in scopes
    - permit: {paths: "regex:/s3cret(?=x)"}
    - permit: {paths: "regex:(s3cret"}
    - permit: {paths: "${ref('UNSET')}"}
    - permit: {paths: "/a"}
      when: ["user with ${ref('UNSET')} in scopes", "user has s3cret"]`),
    {},
  )
  t.match(warnings, [
    /^route_policy rule 2: .*\(\?/,
    /rule 3: Python refuses/,
    /rule 4: .*UNSET/,
    /rule 5: .*UNSET/,
    /rule 5: .*none that OGX/,
  ])
  t.notOk(warnings.join().includes('s3cret'))
  t.end()
})

const BROKEN: readonly (readonly [string, number, RegExp])[] = [
  ['[', 1, /no valid YAML/],
  ['', 1, /must name a configuration/],
  ['# empty', 1, /must name a configuration/],
  ['- a', 1, /must name a configuration/],
  ['a: 1\n---\nb: 2', 2, /second YAML document/],
  ['a: *b', 1, /alias|YAML/],
  ['server: { auth: { route_policy: } }', 1, /is a list of rules/],
  [configOf('      permit: {paths: "*"}'), 6, /is a list of rules/],
  [configOf('    - a'), 6, /rule 1: a rule is a mapping/],
  [configOf('    - permit: {paths: "*"}\n    - {}'), 7, /rule 2: a rule needs permit or forbid/],
  [configOf('    - permit: {paths: "*"}\n      forbid: {paths: "*"}'), 6, /exclude each other/],
  [configOf('    - permit: {}'), 6, /paths is a text or a list/],
  [configOf('    - permit: {paths: [1]}'), 6, /paths is a text or a list/],
  [configOf('    - permit: "*"'), 6, /needs permit or forbid, with paths/],
  [configOf('    - permit: {paths: "*"}\n      when: 7'), 6, /when is a text or a list/],
  [
    configOf('    - permit: {paths: "*"}\n      when: user is owner\n      unless: user is owner'),
    6,
    /when and unless exclude/,
  ],
  [
    configOf('    - permit: {paths: "*"}', 'type: oauth2_token, claims_mapping: [a]'),
    4,
    /claims_mapping/,
  ],
  [
    configOf('    - permit: {paths: "*"}', 'type: oauth2_token, claims_mapping: {a: 1}'),
    4,
    /claims_mapping/,
  ],
]

t.test('what OGX itself would refuse is a mistake with its line', (t) => {
  for (const [text, line, reason] of BROKEN) {
    const [first] = mistakesOf(text)
    t.equal(first?.[0], line, text)
    t.match(first?.[1], reason, text)
  }
  t.end()
})

t.test('a mistake quotes nothing of the file', (t) => {
  for (const text of ['a: "s3cret', 's3cret', '"s3cret": [', 'a: b: s3cret', '%s3cret\n---\na']) {
    t.notOk(
      mistakesOf(text).some(([, reason]) => reason.includes('s3cret')),
      text,
    )
  }
  t.end()
})
