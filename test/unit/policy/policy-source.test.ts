import t from 'tap'
import { createProblems } from '../../../src/observability/problems.ts'
import type { PolicySourceOptions } from '../../../src/policy/policy-source.ts'
import { createPolicySource, PolicyLoadError } from '../../../src/policy/policy-source.ts'
import { createScopeRules } from '../../../src/policy/scope-rules.ts'

const POLICY = 'routes: [{ match: { path: /a }, scopes: [llama:a] }]'
const NEWER = 'routes: [{ match: { path: /a }, scopes: [llama:b] }]'
const BROKEN = 'routes: [{ match: { path: a }, scopes: [] }]'
const CONFIG = `
server:
  auth:
    provider_config: { type: oauth2_token, claims_mapping: { scope: scopes } }
    route_policy:
    - permit: { paths: /b }
      when: user with llama:b in scopes
`
const DOUBTFUL = CONFIG.replace('/b', '"regex:/b(?!x)"')

function setUp(files: Pick<PolicySourceOptions, 'policyFile' | 'llamaStackConfig'>) {
  const problems = createProblems()
  const lines: string[] = []
  const write = (level: string) => (_fields: object, message: string) =>
    void lines.push(`${level} ${message}`)
  const log = { info: write('info'), warn: write('warn'), error: write('error') }
  const scopeRules = createScopeRules({ allowed: ['llama:*'], denied: [], isDeniedDefault: true })
  const source = createPolicySource({ ...files, scopeRules, env: {}, problems, log })
  const scopes = (path: string) => {
    const need = source.current().find('GET', path, undefined)?.need
    return need?.kind === 'scopes' ? need.scopes : need?.kind
  }
  return { source, problems, lines, scopes }
}

const policyFile = { path: 'policy.yaml', text: POLICY }
const llamaStackConfig = { path: 'config.yaml', text: CONFIG }

t.test('both files together are the policy', (t) => {
  const { scopes, problems } = setUp({ policyFile, llamaStackConfig })
  t.same(scopes('/a'), ['llama:a'])
  t.same(scopes('/b'), ['llama:b'])
  t.same(problems.list(), [])
  t.end()
})

t.test('without files there is no route', (t) => {
  t.equal(setUp({}).scopes('/a'), undefined)
  t.end()
})

t.test('a start with broken files tells all mistakes of both', (t) => {
  const broken = {
    policyFile: { path: 'policy.yaml', text: BROKEN },
    llamaStackConfig: { path: 'config.yaml', text: 'server: { auth: { route_policy: [a] } }' },
  }
  try {
    setUp(broken)
    t.ok(false, 'must throw')
  } catch (error) {
    t.ok(error instanceof PolicyLoadError)
    t.match(error, {
      code: 'ERR_POLICY_LOAD',
      mistakes: [
        { file: 'policy.yaml', line: 1, reason: /begins with a slash|empty list/ },
        { file: 'policy.yaml', line: 1 },
        { file: 'config.yaml', line: 1, reason: /rule 1/ },
      ],
      message: /^policy\.yaml, line 1: /,
    })
  }
  t.end()
})

t.test('a new version counts at once', (t) => {
  const { source, scopes } = setUp({ policyFile, llamaStackConfig })
  source.accept('policy-file', NEWER)
  t.same(scopes('/a'), ['llama:b'])
  t.same(scopes('/b'), ['llama:b'])
  t.end()
})

t.test('a broken new version is a problem, and the old one stays', (t) => {
  const { source, scopes, problems, lines } = setUp({ policyFile, llamaStackConfig })
  source.accept('policy-file', BROKEN)
  t.same(scopes('/a'), ['llama:a'])
  t.match(problems.list(), [/policy\.yaml, line 1: .*1 more in the log.*stays in use/])
  t.equal(lines.filter((line) => line.startsWith('error')).length, 2)
  source.accept('llama-stack-config', '')
  t.equal(problems.list().length, 2)
  t.same(scopes('/b'), ['llama:b'])
  t.end()
})

t.test('a mended version resolves the problem', (t) => {
  const { source, scopes, problems } = setUp({ policyFile })
  source.accept('policy-file', BROKEN)
  source.accept('policy-file', NEWER)
  t.same(problems.list(), [])
  t.same(scopes('/a'), ['llama:b'])
  t.end()
})

t.test('what of OGX could not be translated is a warning and a problem until it is gone', (t) => {
  const { source, problems, lines } = setUp({
    llamaStackConfig: { path: 'config.yaml', text: DOUBTFUL },
  })
  t.match(problems.list(), [/config\.yaml: route_policy rule 1: /])
  t.equal(lines.filter((line) => line.startsWith('warn')).length, 1)
  source.accept('llama-stack-config', CONFIG)
  t.same(problems.list(), [])
  t.end()
})
