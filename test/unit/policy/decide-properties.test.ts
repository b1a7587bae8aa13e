import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Hint } from '../../../src/denial/hint.ts'
import type { Circumstances, Rules, Wanted } from '../../../src/policy/decide.ts'
import { decidePreemption, decideStepUp } from '../../../src/policy/decide.ts'
import type { Need, Route } from '../../../src/policy/route-policy.ts'
import type { TokenClaims } from '../../../src/subject-token.ts'

const SCOPE: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const SCOPES = fc.uniqueArray(SCOPE, { maxLength: 5 }).map((scopes) => [...scopes].sort())

const CLAIMS: fc.Arbitrary<TokenClaims | undefined> = fc.option(
  SCOPES.map((scopes) => ({
    iss: 'i',
    sub: 's',
    exp: 1,
    aud: ['api'],
    scopes: new Set(scopes),
    isSenderConstrained: false,
    payload: {},
  })),
  { nil: undefined, freq: 6 },
)

/** A world as the operator may set it up: the route's scopes are allowed ones, as its type says. */
interface World {
  readonly circumstances: Circumstances
  readonly rules: Rules
  readonly allowed: readonly string[]
}

const WORLD: fc.Arbitrary<World> = fc
  .record({
    claims: CLAIMS,
    allowed: SCOPES,
    routeScopes: SCOPES,
    needKind: fc.constantFrom('scopes', 'nothing', 'not-allowed', 'unhealable', 'no route'),
    preempt: fc.boolean(),
    audience: fc.constantFrom(undefined, ['api'], ['other']),
    prefer: SCOPES,
    maxScopes: fc.integer({ min: 1, max: 6 }),
  })
  .map((draft) => {
    const need = needOf(
      draft.needKind,
      draft.routeScopes.filter((scope) => draft.allowed.includes(scope)),
    )
    const route: Route | undefined =
      need === undefined
        ? undefined
        : {
            label: 'r',
            need,
            preempt: draft.preempt,
            audience: draft.audience,
            isReplayable: true,
          }
    return {
      allowed: draft.allowed,
      circumstances: { method: 'POST', path: '/p', claims: draft.claims, route },
      rules: {
        routes: { find: () => route, prefer: draft.prefer },
        scopes: {
          isAllowed: (scope) => draft.allowed.includes(scope),
          isDenied: (scope) => !draft.allowed.includes(scope),
        },
        maxScopes: draft.maxScopes,
        audience: ['api'],
      },
    }
  })

function needOf(kind: string, scopes: readonly string[]): Need | undefined {
  switch (kind) {
    case 'scopes':
      return { kind, scopes }
    case 'nothing':
      return { kind }
    case 'not-allowed':
      return { kind, scopes }
    case 'unhealable':
      return { kind, reason: 'role' }
    default:
      return undefined
  }
}

const HINT: fc.Arbitrary<Hint> = fc.record({
  kind: fc.constantFrom('insufficient-scope', 'invalid-token', 'other', 'none'),
  scopes: SCOPES,
  mode: fc.constantFrom('all', 'any'),
  source: fc.constant('challenge' as const),
  hasErrorCode: fc.boolean(),
})

function checkWanted({ scopes }: Wanted, { circumstances, rules, allowed }: World): void {
  assert.ok(
    scopes.every((scope) => allowed.includes(scope)),
    'every scope is allowed',
  )
  assert.ok(!scopes.some((scope) => circumstances.claims?.scopes.has(scope)), 'none is held')
  assert.ok(scopes.length <= rules.maxScopes, 'there are not too many')
  assert.deepEqual(scopes, [...new Set(scopes)].sort(), 'they are sorted, each once')
}

t.test('whatever is known beforehand, no scope is asked for that must not be', async (t) => {
  let count = 0
  fc.assert(
    fc.property(WORLD, fc.option(SCOPES, { nil: undefined }), (world, learned) => {
      const wanted = decidePreemption(world.circumstances, learned, world.rules)
      if (wanted === undefined) return
      count += 1
      checkWanted(wanted, world)
      assert.ok(world.circumstances.claims !== undefined)
    }),
    { numRuns: 2_000 },
  )
  t.ok(count > 0)
})

t.test(
  'whatever a denial says, a step-up is allowed, new, bounded, and a superset where that is not too much',
  async (t) => {
    let count = 0
    fc.assert(
      fc.property(
        WORLD,
        HINT,
        fc.constantFrom(401, 403),
        fc.option(SCOPES, { nil: undefined }),
        (world, hint, status, learned) => {
          const { circumstances, rules } = world
          // What a refused request was pre-empted with is what the pre-emption would have asked for.
          const asked = decidePreemption(circumstances, learned, rules)?.scopes ?? []
          const decision = decideStepUp(hint, status, circumstances, asked, rules)
          if (decision.kind !== 'step-up') return
          count += 1
          checkWanted(decision.wanted, world)
          const { scopes } = decision.wanted
          const news = scopes.filter((scope) => !asked.includes(scope))
          assert.ok(news.length > 0, 'there is something new')
          const union = [...asked, ...news].sort()
          const isTooMuch = union.length > rules.maxScopes
          assert.deepEqual(scopes, isTooMuch ? news : union, 'what was asked stays if it can')
          assert.notEqual(`${status} ${hint.kind}`, '401 other')
          assert.ok(hint.kind === 'insufficient-scope' || hint.kind === 'other')
          if (hint.mode === 'any' && hint.kind === 'insufficient-scope' && hint.scopes.length > 0) {
            assert.equal(news.length, 1, 'one alternative, never all')
          }
        },
      ),
      { numRuns: 4_000 },
    )
    t.ok(count > 0)
  },
)
