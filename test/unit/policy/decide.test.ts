import t from 'tap'
import type { Hint } from '../../../src/denial/hint.ts'
import type { Circumstances, Decision, Rules, Wanted } from '../../../src/policy/decide.ts'
import { decidePreemption, decideStepUp } from '../../../src/policy/decide.ts'
import type { Need, Route } from '../../../src/policy/route-policy.ts'
import { MAX_SCOPE_PARAMETER_CHARACTERS } from '../../../src/scope-token.ts'
import type { TokenClaims } from '../../../src/subject-token.ts'

function claimsWith(scopes: readonly string[], aud: readonly string[] = ['api']): TokenClaims {
  return {
    iss: 'i',
    sub: 's',
    exp: 1,
    aud,
    scopes: new Set(scopes),
    isSenderConstrained: false,
    payload: {},
  }
}

const HELD = claimsWith(['openid', 'llama:held'])

function routeOf(need: Need, more: Partial<Route> = {}): Route {
  return { label: 'r', need, preempt: true, audience: undefined, isReplayable: true, ...more }
}

function scopesRoute(scopes: readonly string[], more: Partial<Route> = {}): Route {
  return routeOf({ kind: 'scopes', scopes }, more)
}

interface Setting {
  readonly method?: string
  readonly path?: string
  readonly claims?: TokenClaims | undefined
  readonly route?: Route
  readonly prefer?: readonly string[]
  readonly maxScopes?: number
  /** What the policy finds when it is asked for another path. */
  readonly elsewhere?: (method: string, path: string) => Route | undefined
}

function circumstancesOf(setting: Setting): Circumstances {
  return {
    method: setting.method ?? 'POST',
    path: setting.path ?? '/v1/things',
    claims: 'claims' in setting ? setting.claims : HELD,
    route: setting.route,
  }
}

function rulesOf(setting: Setting): Rules {
  return {
    routes: {
      find: setting.elsewhere ?? (() => undefined),
      prefer: setting.prefer ?? [],
    },
    scopes: {
      isAllowed: (scope) => scope.startsWith('llama:') && scope !== 'llama:admin',
      isDenied: (scope) => scope === 'llama:admin',
    },
    maxScopes: setting.maxScopes ?? 3,
    audience: ['api'],
  }
}

const INSUFFICIENT: Hint = {
  kind: 'insufficient-scope',
  scopes: [],
  mode: 'all',
  source: 'challenge',
  hasErrorCode: true,
}

function wants(...scopes: readonly string[]): Hint {
  return { ...INSUFFICIENT, scopes }
}

function anyOf(...scopes: readonly string[]): Hint {
  return { ...INSUFFICIENT, scopes, mode: 'any' }
}

function other(scopes: readonly string[], hasErrorCode = false): Hint {
  return { ...INSUFFICIENT, kind: 'other', scopes, hasErrorCode }
}

function stepUp(scopes: readonly string[], more: Partial<Wanted> = {}): Decision {
  return { kind: 'step-up', wanted: { scopes, audience: ['api'], namedBy: 'upstream', ...more } }
}

function refuse(
  outcome: 'no-hint' | 'scope-not-allowed',
  reason: string,
  ...scopes: readonly string[]
): Decision {
  return { kind: 'refuse', outcome, reason, scopes }
}

const LONG = 'llama:a'.padEnd(2_000, 'a')
/** Two that fill a request at Keycloak to the last character, and two that are one too long for it. */
const FULL = [LONG, 'llama:b'.padEnd(MAX_SCOPE_PARAMETER_CHARACTERS - LONG.length - 1, 'b')]
const BURST = [LONG, 'llama:b'.padEnd(MAX_SCOPE_PARAMETER_CHARACTERS - LONG.length, 'b')]

interface Row extends Setting {
  readonly hint: Hint
  readonly status?: number
  readonly asked?: readonly string[]
  readonly decision: Decision
}

const BATCH = { path: '/v1/batches', route: routeOf({ kind: 'nothing' }) }
const findsChat = (method: string, path: string) =>
  method === 'POST' && path === '/v1/chat/completions' ? scopesRoute(['llama:chat']) : undefined

const DECISIONS: Readonly<Record<string, Row>> = {
  'no hint': {
    hint: { ...INSUFFICIENT, kind: 'none' },
    decision: refuse('no-hint', 'none'),
  },
  'an invalid token': {
    hint: { ...INSUFFICIENT, kind: 'invalid-token' },
    decision: refuse('no-hint', 'invalid-token'),
  },
  'another 403 that names scopes': {
    hint: other(['llama:b']),
    decision: stepUp(['llama:b']),
  },
  'another 401 that names scopes is an initial challenge': {
    hint: other(['llama:b']),
    status: 401,
    decision: refuse('no-hint', 'other'),
  },
  'another 403 with an error code': {
    hint: other(['llama:b'], true),
    decision: refuse('no-hint', 'other'),
  },
  'another 403 without scopes': { hint: other([]), decision: refuse('no-hint', 'other') },
  'missing scopes, of which some are held': {
    hint: wants('llama:b', 'llama:a', 'llama:held', 'llama:a'),
    decision: stepUp(['llama:a', 'llama:b']),
  },
  'missing scopes at a 401': {
    hint: wants('llama:a'),
    status: 401,
    decision: stepUp(['llama:a']),
  },
  'missing scopes of a token that is no JWT': {
    hint: wants('llama:a'),
    claims: undefined,
    decision: stepUp(['llama:a']),
  },
  'scopes that are all held': {
    hint: wants('llama:held'),
    decision: refuse('no-hint', 'scopes-held', 'llama:held'),
  },
  'scopes that were all asked for': {
    hint: wants('llama:a', 'llama:held'),
    asked: ['llama:a', 'llama:b'],
    decision: refuse('no-hint', 'nothing-new', 'llama:a', 'llama:held'),
  },
  'news beside what was asked for': {
    hint: wants('llama:a', 'llama:c'),
    asked: ['llama:b'],
    decision: stepUp(['llama:a', 'llama:b', 'llama:c']),
  },
  'one forbidden scope among others': {
    hint: wants('llama:a', 'llama:admin'),
    decision: refuse('scope-not-allowed', 'denied-scopes', 'llama:a', 'llama:admin'),
  },
  'as many scopes as may be': {
    hint: wants('llama:a', 'llama:b', 'llama:c'),
    decision: stepUp(['llama:a', 'llama:b', 'llama:c']),
  },
  'one scope too many': {
    hint: wants('llama:a', 'llama:b', 'llama:c', 'llama:d'),
    decision: refuse(
      'scope-not-allowed',
      'too-many-scopes',
      'llama:a',
      'llama:b',
      'llama:c',
      'llama:d',
    ),
  },
  'one scope too many with those asked for: the news alone': {
    hint: wants('llama:d', 'llama:a'),
    asked: ['llama:a', 'llama:b', 'llama:c'],
    decision: stepUp(['llama:d']),
  },
  'as long with those asked for as Keycloak reads': {
    hint: wants(LONG),
    asked: FULL.slice(1),
    decision: stepUp(FULL),
  },
  'longer with those asked for than Keycloak reads: the news alone': {
    hint: wants(LONG),
    asked: BURST.slice(1),
    decision: stepUp([LONG]),
  },
  'as long as Keycloak reads': { hint: wants(...FULL), decision: stepUp(FULL) },
  'longer than Keycloak reads': {
    hint: wants(...BURST),
    decision: refuse('scope-not-allowed', 'too-many-scopes', ...BURST),
  },
  'news that are longer than Keycloak reads, whatever was asked for': {
    hint: wants(...BURST),
    asked: ['llama:c'],
    decision: refuse('scope-not-allowed', 'too-many-scopes', ...BURST),
  },
  'no scope named, a route whose scopes are longer than Keycloak reads': {
    hint: INSUFFICIENT,
    route: scopesRoute(BURST),
    decision: refuse('scope-not-allowed', 'too-many-scopes', ...BURST),
  },
  "the route's audience": {
    hint: wants('llama:a'),
    route: routeOf({ kind: 'nothing' }, { audience: ['x', 'y'] }),
    decision: stepUp(['llama:a'], { audience: ['x', 'y'] }),
  },
  'alternatives, one of them held': {
    hint: anyOf('llama:a', 'llama:held'),
    decision: refuse('no-hint', 'scopes-held', 'llama:a', 'llama:held'),
  },
  'alternatives, none allowed': {
    hint: anyOf('llama:admin', 'root'),
    decision: refuse('scope-not-allowed', 'denied-scopes', 'llama:admin', 'root'),
  },
  'alternatives, one allowed': {
    hint: anyOf('llama:a', 'llama:admin'),
    decision: stepUp(['llama:a']),
  },
  'alternatives, several allowed and none preferred': {
    hint: anyOf('llama:a', 'llama:b'),
    decision: refuse('scope-not-allowed', 'no-preference', 'llama:a', 'llama:b'),
  },
  'alternatives: the first preferred one that is allowed': {
    hint: anyOf('llama:a', 'llama:admin', 'llama:b'),
    prefer: ['llama:admin', 'llama:z', 'llama:b', 'llama:a'],
    decision: stepUp(['llama:b']),
  },
  'alternatives of a token that is no JWT': {
    hint: anyOf('llama:a'),
    claims: undefined,
    decision: stepUp(['llama:a']),
  },
  'the alternative that was asked for': {
    hint: anyOf('llama:a', 'llama:admin'),
    asked: ['llama:a'],
    decision: refuse('no-hint', 'nothing-new', 'llama:a'),
  },
  'no scope named, no route': { hint: INSUFFICIENT, decision: refuse('no-hint', 'no-route') },
  'no scope named, a route with scopes': {
    hint: INSUFFICIENT,
    route: scopesRoute(['llama:held', 'llama:route'], { preempt: false }),
    decision: stepUp(['llama:route'], { namedBy: 'operator' }),
  },
  'no scope named, a route whose scopes were asked for': {
    hint: INSUFFICIENT,
    route: scopesRoute(['llama:route']),
    asked: ['llama:route'],
    decision: refuse('no-hint', 'nothing-new', 'llama:route'),
  },
  'no scope named, a route that needs nothing': {
    hint: INSUFFICIENT,
    route: routeOf({ kind: 'nothing' }),
    decision: refuse('no-hint', 'route-names-no-scope'),
  },
  'no scope named, a route whose scopes are forbidden': {
    hint: INSUFFICIENT,
    route: routeOf({ kind: 'not-allowed', scopes: ['llama:admin'] }),
    decision: refuse('scope-not-allowed', 'denied-scopes', 'llama:admin'),
  },
  'no scope named, a route that nothing heals': {
    hint: INSUFFICIENT,
    route: routeOf({ kind: 'unhealable', reason: 'needs-role' }),
    decision: refuse('no-hint', 'needs-role'),
  },
  'a refusal that names this very route': {
    hint: { ...INSUFFICIENT, route: '/v1/things' },
    route: scopesRoute(['llama:route']),
    decision: stepUp(['llama:route'], { namedBy: 'operator' }),
  },
  'a refusal that names another route': {
    hint: { ...INSUFFICIENT, route: '/v1/others' },
    route: scopesRoute(['llama:route']),
    elsewhere: () => scopesRoute(['llama:elsewhere']),
    decision: refuse('no-hint', 'no-route'),
  },
  'a batch that is refused for its endpoint': {
    ...BATCH,
    hint: { ...INSUFFICIENT, route: '/v1/chat/completions' },
    elsewhere: findsChat,
    decision: stepUp(['llama:chat'], { namedBy: 'operator' }),
  },
  'a batch that is refused for an endpoint without a rule': {
    ...BATCH,
    hint: { ...INSUFFICIENT, route: '/v1/embeddings' },
    elsewhere: findsChat,
    decision: refuse('no-hint', 'no-route'),
  },
  'a batch that is refused for something that is no endpoint': {
    ...BATCH,
    hint: { ...INSUFFICIENT, route: '/v1/others' },
    elsewhere: () => scopesRoute(['llama:elsewhere']),
    decision: refuse('no-hint', 'no-route'),
  },
  'a listing of batches that is refused for an endpoint': {
    ...BATCH,
    method: 'GET',
    hint: { ...INSUFFICIENT, route: '/v1/chat/completions' },
    elsewhere: () => scopesRoute(['llama:chat']),
    decision: refuse('no-hint', 'no-route'),
  },
}

for (const [name, row] of Object.entries(DECISIONS)) {
  t.test(`after a denial: ${name}`, async (t) => {
    const { hint, status = 403, asked = [] } = row
    t.same(decideStepUp(hint, status, circumstancesOf(row), asked, rulesOf(row)), row.decision)
  })
}

interface PreemptionRow extends Setting {
  readonly learned?: readonly string[]
  readonly wanted: Wanted | undefined
}

function operator(...scopes: readonly string[]): Wanted {
  return { scopes, audience: ['api'], namedBy: 'operator' }
}

const PREEMPTIONS: Readonly<Record<string, PreemptionRow>> = {
  'nothing is known': { wanted: undefined },
  'the token is no JWT': {
    claims: undefined,
    route: scopesRoute(['llama:a']),
    learned: ['llama:b'],
    wanted: undefined,
  },
  'the route names scopes': {
    route: scopesRoute(['llama:a', 'llama:held']),
    wanted: operator('llama:a'),
  },
  'the route names scopes that are held': {
    route: scopesRoute(['llama:held']),
    wanted: undefined,
  },
  'the route names none': { route: routeOf({ kind: 'nothing' }), wanted: undefined },
  'the route is for reaction only': {
    route: scopesRoute(['llama:a'], { preempt: false, audience: ['elsewhere'] }),
    wanted: undefined,
  },
  'a denial was learned': {
    learned: ['llama:a', 'llama:held'],
    wanted: { ...operator('llama:a'), namedBy: 'upstream' },
  },
  'what was learned is allowed only in part by now': {
    learned: ['llama:a', 'llama:admin'],
    wanted: undefined,
  },
  'the route and a lesson': {
    route: scopesRoute(['llama:b']),
    learned: ['llama:a', 'llama:b'],
    wanted: { ...operator('llama:a', 'llama:b'), namedBy: 'upstream' },
  },
  'a lesson that says no more than the route': {
    route: scopesRoute(['llama:b']),
    learned: ['llama:b'],
    wanted: operator('llama:b'),
  },
  'a lesson on a route for reaction only': {
    route: scopesRoute(['llama:b'], { preempt: false, audience: ['elsewhere'] }),
    learned: ['llama:b'],
    wanted: { scopes: ['llama:b'], audience: ['elsewhere'], namedBy: 'upstream' },
  },
  'as many scopes as may be': {
    learned: ['llama:a', 'llama:b', 'llama:c'],
    wanted: { ...operator('llama:a', 'llama:b', 'llama:c'), namedBy: 'upstream' },
  },
  'too many scopes': {
    route: scopesRoute(['llama:a', 'llama:b']),
    learned: ['llama:c', 'llama:d'],
    wanted: undefined,
  },
  'scopes as long as Keycloak reads': { route: scopesRoute(FULL), wanted: operator(...FULL) },
  'scopes longer than Keycloak reads': { route: scopesRoute(BURST), wanted: undefined },
  "the token lacks the route's audience": {
    route: routeOf({ kind: 'nothing' }, { audience: ['api', 'elsewhere'] }),
    wanted: { scopes: [], audience: ['api', 'elsewhere'], namedBy: 'operator' },
  },
  "the token has the route's audience": {
    route: routeOf({ kind: 'nothing' }, { audience: ['api'] }),
    wanted: undefined,
  },
}

for (const [name, row] of Object.entries(PREEMPTIONS)) {
  t.test(`before sending: ${name}`, async (t) => {
    t.same(decidePreemption(circumstancesOf(row), row.learned, rulesOf(row)), row.wanted)
  })
}
