import fc from 'fast-check'
import { decodeJwt } from 'jose'
import type { ExchangeResult } from '../../../src/step-up/issued-tokens.ts'
import type { SubjectToken } from '../../../src/subject-token.ts'
import type { Answer } from '../../support/token-endpoint.ts'
import { json, raw, refusal, reset } from '../../support/token-endpoint.ts'
import type { Harness } from '../../unit/token-exchange/exchange-harness.ts'
import { createHarness, requestFor } from '../../unit/token-exchange/exchange-harness.ts'
import type { Target } from '../target.ts'
import { createTeardown, fuzz } from '../target.ts'

interface Wish {
  readonly user: string
  readonly audience: readonly string[]
  readonly scopes: readonly string[]
  readonly isReissue: boolean
}

const USERS = ['alice', 'bob', 'ali', 'ce']
const WISH: fc.Arbitrary<Wish> = fc.record({
  user: fc.constantFrom(...USERS),
  audience: fc.subarray(['a', 'b'], { minLength: 1 }),
  scopes: fc.subarray(['x', 'y', 'z'], { minLength: 1 }),
  isReissue: fc.boolean(),
})

/** What the endpoint does wrong in place of issuing, by name so that a counterexample can be read. */
const FAULTS: Record<string, (harness: Harness) => Answer> = {
  'another sub': ({ endpoint }) => endpoint.issue({ sub: 'mallory' }),
  'no sub': ({ endpoint }) => endpoint.issue({ sub: undefined }),
  'another issuer': ({ endpoint }) => endpoint.issue({ iss: 'https://elsewhere.example' }),
  'another audience': ({ endpoint }) => endpoint.issue({ aud: ['elsewhere'] }),
  'no scope': ({ endpoint }) => endpoint.issue({ scope: '' }),
  'a denied scope more': ({ endpoint }) => endpoint.issue({ scope: 'x y z llama:admin' }),
  expired: ({ endpoint, clock }) => endpoint.issue({ exp: Math.floor(clock.now() / 1000) - 120 }),
  '500': () => json(500, {}),
  '429': () => json(429, {}),
  reset: () => reset(),
  'no JSON': () => raw(200, 'application/json', '{"access_token":'),
  'another type': () => raw(200, 'text/html', '<html>'),
  'a refusal': () => refusal(400, 'invalid_request', 'Invalid token'),
  'an unknown scope': () => refusal(400, 'invalid_scope', 'Invalid scopes: x'),
}

type Step =
  | { readonly kind: 'wishes'; readonly wishes: readonly Wish[] }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'fault'; readonly name: string }

const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wishes'),
      wishes: fc.array(WISH, { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.integer({ min: 0, max: 200_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fault'),
      name: fc.constantFrom(...Object.keys(FAULTS)),
    }),
  },
)

/** The whole exchange with its caches before an endpoint that lies and fails: nobody ever gets what is not theirs. */
export const issuedTokens: Target = {
  name: 'issued-tokens',
  weight: 5,
  run: (budget) =>
    fuzz(
      fc.asyncProperty(fc.array(STEP, { maxLength: 12 }), async (steps) => {
        const scope = createTeardown()
        try {
          return await play(await createHarness(scope), steps)
        } finally {
          await scope.close()
        }
      }),
      budget,
    ),
}

async function play(harness: Harness, steps: readonly Step[]): Promise<boolean> {
  const { clock, endpoint } = harness
  const subjects = new Map<string, SubjectToken>()
  for (const user of USERS)
    subjects.set(
      user,
      await harness.subject({ sub: user, exp: Math.floor(clock.now() / 1000) + 600 }),
    )
  const last = new Map<string, ExchangeResult>()
  for (const step of steps) {
    if (step.kind === 'wait') clock.advance(step.ms)
    else if (step.kind === 'fault')
      endpoint.script(...[FAULTS[step.name]?.(harness) ?? json(500, {})])
    else {
      const before = endpoint.exchanges.length
      const results = await Promise.all(
        step.wishes.map((wish) => grant(harness, wish, subjects, last)),
      )
      const areRight = step.wishes.every((wish, i) => isRight(harness, wish, results[i]))
      const distinct = new Set(step.wishes.map(keyOf)).size
      // A fault may make one exchange be asked for twice; a reissue flies beside a flight that began before it.
      const most = 2 * (distinct + step.wishes.filter(({ isReissue }) => isReissue).length)
      if (!areRight || endpoint.exchanges.length - before > most) return false
    }
  }
  return true
}

async function grant(
  { obtain, tokens }: Harness,
  wish: Wish,
  subjects: ReadonlyMap<string, SubjectToken>,
  last: Map<string, ExchangeResult>,
): Promise<ExchangeResult | undefined> {
  const subject = subjects.get(wish.user)
  if (subject === undefined) return undefined
  const request = requestFor(subject, wish.scopes, { audience: wish.audience })
  const earlier = last.get(keyOf(wish))
  const result =
    wish.isReissue && earlier?.kind === 'issued'
      ? await tokens.reissue(request, earlier.token, new AbortController().signal)
      : await obtain(request)
  last.set(keyOf(wish), result)
  return result
}

function keyOf({ user, audience, scopes }: Wish): string {
  return JSON.stringify([user, audience, scopes])
}

/** Of an issued token everything; of any other result, that it has a reason. */
function isRight(
  { clock, endpoint }: Harness,
  wish: Wish,
  result: ExchangeResult | undefined,
): boolean {
  if (result === undefined) return false
  if (result.kind !== 'issued') return result.reason !== '' && result.reason !== 'internal-error'
  const { sub, iss, aud, exp = 0, ...claims } = decodeJwt(result.token.accessToken.expose())
  const { scope } = claims
  const held = typeof scope === 'string' ? scope.split(' ') : []
  const audiences = [aud ?? []].flat()
  return (
    sub === wish.user &&
    iss === endpoint.issuer &&
    wish.audience.every((name) => audiences.includes(name)) &&
    wish.scopes.every((name) => held.includes(name)) &&
    !held.includes('llama:admin') &&
    // Less than the tolerance for clocks.
    exp * 1000 > clock.now() - 30_000
  )
}
