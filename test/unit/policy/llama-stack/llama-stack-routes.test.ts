import t from 'tap'
import { createLlamaStackRoutes } from '../../../../src/policy/llama-stack/llama-stack-routes.ts'
import { parseLlamaStackConfig } from '../../../../src/policy/llama-stack/parse-llama-stack-config.ts'
import { createScopeRules } from '../../../../src/policy/scope-rules.ts'
import type { TokenClaims } from '../../../../src/subject-token.ts'

const scopeRules = createScopeRules({
  allowed: ['llama:*', 'mcp:*', '"', 'é'],
  denied: ['*:admin'],
  isDeniedDefault: false,
})

function claimsOf(scope: string, others: Readonly<Record<string, unknown>> = {}): TokenClaims {
  return {
    iss: undefined,
    sub: 'u',
    exp: undefined,
    aud: [],
    scopes: new Set(scope.split(' ').filter((word) => word !== '')),
    isSenderConstrained: false,
    payload: { sub: 'u', scope, ...others },
  }
}

const MAPPING = { scope: 'scopes', groups: 'teams' }

function routesOf(rules: readonly object[], mapping: object = MAPPING) {
  const provider_config = { type: 'oauth2_token', claims_mapping: mapping }
  const config = JSON.stringify({ server: { auth: { provider_config, route_policy: rules } } })
  return createLlamaStackRoutes({ policy: parseLlamaStackConfig(config, {}), scopeRules })
}

const permit = (paths: string, conditions: object = {}) => ({ permit: { paths }, ...conditions })
const forbid = (paths: string, conditions: object = {}) => ({ forbid: { paths }, ...conditions })
const scope = (name: string) => `user with ${name} in scopes`

t.test('a route that is open to the caller needs nothing', (t) => {
  const routes = routesOf([permit('/open'), permit('/a', { when: scope('llama:a') })])
  t.same(routes.find('/open', undefined), {
    need: { kind: 'nothing' },
    isDenialCertain: false,
    rule: 1,
  })
  t.same(routes.find('/a', claimsOf('llama:a'))?.need, { kind: 'nothing' })
  t.end()
})

t.test('an empty route policy says nothing of any route', (t) => {
  t.equal(routesOf([]).find('/a', undefined), undefined)
  t.end()
})

t.test('the first permit that scopes can open names them', (t) => {
  const routes = routesOf([
    permit('/a', { when: [scope('llama:b'), 'user with red in teams'] }),
    permit('/a', { when: [scope('mcp:y'), scope('llama:x')] }),
    permit('/a', { when: scope('llama:z') }),
  ])
  t.same(routes.find('/a', undefined), {
    need: { kind: 'scopes', scopes: ['llama:x', 'mcp:y'] },
    isDenialCertain: true,
    rule: 2,
  })
  const member = claimsOf('', { groups: ['red'] })
  t.same(routes.find('/a', member)?.need, { kind: 'scopes', scopes: ['llama:b'] })
  t.end()
})

t.test('a permit whose scopes are forbidden yields to a later one', (t) => {
  const routes = routesOf([
    permit('/a', { when: scope('llama:admin') }),
    permit('/a', { when: scope('other') }),
    permit('/a', { when: scope('llama:a') }),
  ])
  t.same(routes.find('/a', undefined)?.need, { kind: 'scopes', scopes: ['llama:a'] })
  t.end()
})

t.test('where only forbidden scopes would help, they are named as such', (t) => {
  const routes = routesOf([permit('/a', { when: [scope('llama:admin'), scope('llama:a')] })])
  const need = { kind: 'not-allowed', scopes: ['llama:a', 'llama:admin'] }
  t.same(routes.find('/a', undefined)?.need, need)
  // An exchange leaves a denied scope out even if the caller holds it.
  t.same(routes.find('/a', claimsOf('llama:admin'))?.need, need)
  t.end()
})

t.test('a held scope that is not allowed is kept, and not asked for', (t) => {
  const routes = routesOf([permit('/a', { when: [scope('openid'), scope('llama:a')] })])
  t.same(routes.find('/a', claimsOf('openid'))?.need, { kind: 'scopes', scopes: ['llama:a'] })
  t.same(routes.find('/a', claimsOf(''))?.need, {
    kind: 'not-allowed',
    scopes: ['llama:a', 'openid'],
  })
  t.end()
})

t.test('what no scope can heal says why', (t) => {
  const routes = routesOf([
    forbid('/forbidden'),
    permit('/role', { when: 'user with red in teams' }),
    permit('/forbidden', { when: scope('llama:a') }),
    forbid('/member', { when: 'user with red in teams' }),
    permit('/member', { when: scope('llama:a') }),
  ])
  const reason = (path: string, claims?: TokenClaims) => routes.find(path, claims)?.need
  t.same(reason('/forbidden'), { kind: 'unhealable', reason: 'rule-1-forbids' })
  t.same(reason('/role'), { kind: 'unhealable', reason: 'rule-2-wants-more' })
  t.same(reason('/none'), { kind: 'unhealable', reason: 'no-rule-permits' })
  const member = claimsOf('', { groups: ['red'] })
  t.same(reason('/member', member), { kind: 'unhealable', reason: 'rule-4-forbids' })
  t.end()
})

t.test('an unwanted value is no scope to ask for, and a double negation is one', (t) => {
  const routes = routesOf([
    permit('/not', { when: 'user with llama:a not in scopes' }),
    permit('/unless', { unless: 'user with llama:a not in scopes' }),
  ])
  t.same(routes.find('/not', claimsOf('llama:a'))?.need.kind, 'unhealable')
  t.same(routes.find('/unless', undefined)?.need, { kind: 'scopes', scopes: ['llama:a'] })
  t.end()
})

t.test('a forbid that yields to a scope is healed by it', (t) => {
  const routes = routesOf([
    forbid('*', { unless: [scope('llama:admin'), scope('llama:a')] }),
    forbid('*', { unless: scope('llama:b') }),
    permit('/a', { when: scope('llama:c') }),
  ])
  t.same(routes.find('/a', undefined)?.need, {
    kind: 'scopes',
    scopes: ['llama:a', 'llama:b', 'llama:c'],
  })
  t.end()
})

t.test('no more scopes are asked for than needed', (t) => {
  const routes = routesOf([
    forbid('*', { unless: [scope('llama:a'), scope('llama:b')] }),
    forbid('*', { unless: scope('llama:b') }),
    permit('*'),
  ])
  t.same(routes.find('/a', undefined)?.need, { kind: 'scopes', scopes: ['llama:b'] })
  t.end()
})

t.test('more forbids than can be searched through end in no claim', (t) => {
  const rules = Array.from({ length: 12 }, (_, at) =>
    forbid('*', { unless: [scope(`llama:${at}a`), scope(`llama:${at}b`)] }),
  )
  const routes = routesOf([...rules, permit('/a', { when: 'user with red in teams' })])
  t.same(routes.find('/a', undefined)?.need, { kind: 'nothing' })
  t.end()
})

t.test('a value that is no scope token is never asked for', (t) => {
  const routes = routesOf([permit('/q', { when: scope('"') }), permit('/e', { when: scope('é') })])
  t.equal(routes.find('/q', undefined)?.need.kind, 'unhealable')
  t.equal(routes.find('/e', undefined)?.need.kind, 'unhealable')
  t.end()
})

t.test('scopes help only where the scope claim feeds the attribute', (t) => {
  const rules = [permit('/a', { when: 'user with llama:a in roles' })]
  t.equal(routesOf(rules, { scope: 'scopes' }).find('/a', undefined)?.need.kind, 'unhealable')
  t.equal(routesOf(rules, { scope: 'roles' }).find('/a', undefined)?.need.kind, 'scopes')
  t.end()
})

t.test('behind a rule that may forbid, nothing is claimed', (t) => {
  const routes = routesOf([forbid('regex:/v1/(?!open)'), permit('*', { when: scope('llama:a') })])
  t.same(routes.find('/v1/x', undefined), {
    need: { kind: 'nothing' },
    isDenialCertain: true,
    rule: undefined,
  })
  t.same(routes.find('/v2', undefined)?.need, { kind: 'scopes', scopes: ['llama:a'] })
  t.end()
})

t.test('behind a rule that may permit, scopes are named for the case of a denial', (t) => {
  const routes = routesOf([permit('regex:/v1/(?!open)'), permit('*', { when: scope('llama:a') })])
  t.same(routes.find('/v1/x', undefined), {
    need: { kind: 'scopes', scopes: ['llama:a'] },
    isDenialCertain: false,
    rule: 2,
  })
  t.end()
})

t.test('a rule that opens the route comes before what nobody can tell', (t) => {
  const routes = routesOf([permit('/v1/x'), forbid('regex:/v1/(?!open)')])
  t.same(routes.find('/v1/x', undefined)?.need, { kind: 'nothing' })
  t.end()
})

t.test('the same question has the same answer, worked out once', (t) => {
  const routes = routesOf([permit('/a', { when: scope('llama:a') })])
  const claims = claimsOf('openid')
  t.equal(routes.find('/a', claims), routes.find('/a', claims))
  for (let at = 0; at < 2500; at += 1) routes.find(`/x/${at}`, claims)
  t.same(routes.find('/a', claims)?.need, { kind: 'scopes', scopes: ['llama:a'] })
  t.end()
})

t.test(
  'a long search through the policy reads the claims of a token no more often than a short one',
  (t) => {
    const yields = (at: number) =>
      forbid('*', { unless: [scope(`llama:${at}a`), scope(`llama:${at}b`)] })
    const last = permit('/a', { when: 'user with red in teams' })
    const readsFor = (forbids: number) => {
      const rules = Array.from({ length: forbids }, (_, at) => yields(at))
      let reads = 0
      const others = Object.defineProperty({}, 'groups', {
        enumerable: true,
        get: () => {
          reads += 1
          return ['blue']
        },
      })
      const claims = { ...claimsOf('openid'), payload: Object.assign(others, { scope: 'openid' }) }
      routesOf([...rules, last]).find('/a', claims)
      return reads
    }
    t.equal(readsFor(7), readsFor(1))
    t.end()
  },
)
