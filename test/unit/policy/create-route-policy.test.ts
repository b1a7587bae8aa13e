import t from 'tap'
import { createRoutePolicy } from '../../../src/policy/create-route-policy.ts'
import { parseLlamaStackConfig } from '../../../src/policy/llama-stack/parse-llama-stack-config.ts'
import { parsePolicyFile } from '../../../src/policy/parse-policy-file.ts'
import { createScopeRules } from '../../../src/policy/scope-rules.ts'
import type { TokenClaims } from '../../../src/subject-token.ts'

const scopeRules = createScopeRules({
  allowed: ['llama:*'],
  denied: ['*:admin'],
  isDeniedDefault: true,
})
const LLAMA_STACK = parseLlamaStackConfig(
  `
server:
  auth:
    provider_config: { type: oauth2_token, claims_mapping: { scope: scopes } }
    route_policy:
    - permit: { paths: /v1/health }
    - permit: { paths: /v1/chat* }
      when: user with llama:chat in scopes
    - permit: { paths: "regex:/v1/odd(?!x)" }
    - permit: { paths: /v1/odd* }
      when: user with llama:odd in scopes
`,
  {},
)

function holding(...scopes: readonly string[]): TokenClaims {
  return {
    iss: undefined,
    sub: 'u',
    exp: undefined,
    aud: [],
    scopes: new Set(scopes),
    isSenderConstrained: false,
    payload: { sub: 'u', scope: scopes.join(' ') },
  }
}

const fileOnly = (routes: string) =>
  createRoutePolicy({ policyFile: parsePolicyFile(routes), scopeRules })

t.test('without any file there is no route', (t) => {
  const policy = createRoutePolicy({ scopeRules })
  t.equal(policy.find('GET', '/a', undefined), undefined)
  t.same(policy.prefer, [])
  t.end()
})

t.test('a route of the file has its settings and defaults', (t) => {
  const policy = fileOnly(`
prefer: [b, a]
routes:
- match: { method: [POST, PUT], path: /a/:id }
  scopes: [llama:b, llama:a]
- match: { path: /b }
  scopes: [llama:b]
  preempt: false
  audience: [z, y]
  replay: never
`)
  t.same(policy.prefer, ['b', 'a'])
  t.same(policy.find('PUT', '/a/1', undefined), {
    label: 'POST,PUT /a/:id',
    need: { kind: 'scopes', scopes: ['llama:a', 'llama:b'] },
    preempt: true,
    audience: undefined,
    isReplayable: true,
  })
  t.same(policy.find('GET', '/b', undefined), {
    label: '/b',
    need: { kind: 'scopes', scopes: ['llama:b'] },
    preempt: false,
    audience: ['y', 'z'],
    isReplayable: false,
  })
  t.equal(policy.find('GET', '/a/1', undefined), undefined)
  t.end()
})

t.test('a route without scopes still gives its settings', (t) => {
  const policy = fileOnly('routes: [{ match: { path: /a }, replay: never }]')
  const route = policy.find('GET', '/a', undefined)
  t.same(route?.need, { kind: 'nothing' })
  t.equal(route?.isReplayable, false)
  t.end()
})

t.test('scopes of the file must be allowed, unless they are held', (t) => {
  const policy = fileOnly(`
routes:
- match: { path: /a }
  scopes: [llama:a, openid]
- match: { path: /admin }
  scopes: [llama:a, llama:admin]
`)
  const need = (path: string, ...scopes: readonly string[]) =>
    policy.find('GET', path, holding(...scopes))?.need
  t.same(need('/a'), { kind: 'not-allowed', scopes: ['llama:a', 'openid'] })
  t.same(need('/a', 'llama:a'), { kind: 'not-allowed', scopes: ['llama:a', 'openid'] })
  t.same(need('/a', 'openid'), { kind: 'scopes', scopes: ['llama:a'] })
  t.same(need('/a', 'openid', 'llama:a'), { kind: 'nothing' })
  // An exchange leaves a denied scope out even if the caller holds it.
  t.same(need('/admin', 'llama:admin'), { kind: 'not-allowed', scopes: ['llama:a', 'llama:admin'] })
  t.end()
})

t.test("Llama Stack's own policy names the scopes and the rule", (t) => {
  const policy = createRoutePolicy({ llamaStack: LLAMA_STACK, scopeRules })
  t.same(policy.find('GET', '/v1/chat/completions', undefined), {
    label: 'LLAMA_STACK_CONFIG rule 2',
    need: { kind: 'scopes', scopes: ['llama:chat'] },
    preempt: true,
    audience: undefined,
    isReplayable: true,
  })
  t.equal(policy.find('GET', '/v1/health', undefined)?.label, 'LLAMA_STACK_CONFIG rule 1')
  t.same(policy.find('GET', '/v1/none', undefined)?.need, {
    kind: 'unhealable',
    reason: 'no-rule-permits',
  })
  t.equal(policy.find('GET', '/v1/none', undefined)?.label, 'LLAMA_STACK_CONFIG: /v1/none')
  t.end()
})

t.test('where a denial is not certain, the scopes wait for it', (t) => {
  const policy = createRoutePolicy({ llamaStack: LLAMA_STACK, scopeRules })
  const route = policy.find('GET', '/v1/odd', undefined)
  t.same(route?.need, { kind: 'scopes', scopes: ['llama:odd'] })
  t.equal(route?.preempt, false)
  t.end()
})

t.test('a route of the file with scopes wins, one without adds its settings', (t) => {
  const policyFile = parsePolicyFile(`
routes:
- match: { path: /v1/chat/completions, method: POST }
  scopes: [llama:mine]
- match: { path: /v1/chat/* }
  preempt: false
  audience: [llama-stack]
  replay: never
- match: { path: /v1/odd }
  preempt: true
`)
  const policy = createRoutePolicy({ policyFile, llamaStack: LLAMA_STACK, scopeRules })
  t.same(policy.find('POST', '/v1/chat/completions', undefined)?.need, {
    kind: 'scopes',
    scopes: ['llama:mine'],
  })
  t.same(policy.find('GET', '/v1/chat/completions', undefined), {
    label: '/v1/chat/*',
    need: { kind: 'scopes', scopes: ['llama:chat'] },
    preempt: false,
    audience: ['llama-stack'],
    isReplayable: false,
  })
  t.equal(policy.find('GET', '/v1/odd', undefined)?.preempt, false)
  t.end()
})
