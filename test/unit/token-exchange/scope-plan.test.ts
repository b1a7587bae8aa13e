import t from 'tap'
import { createSecret } from '../../../src/secret.ts'
import type { ExchangeRequest } from '../../../src/step-up/issued-tokens.ts'
import { createScopePlan } from '../../../src/token-exchange/scope-plan.ts'
import { createClock } from './exchange-harness.ts'

function requestOf(needed: readonly string[], held: readonly string[]): ExchangeRequest {
  const claims = {
    iss: undefined,
    sub: undefined,
    exp: undefined,
    aud: [],
    scopes: new Set(held),
    isSenderConstrained: false,
    payload: {},
  }
  const subject = { token: createSecret('t'), digest: 'd', claims }
  return { subject, scopes: needed, audience: [], namedBy: 'operator' }
}

function createSubject() {
  const clock = createClock()
  const scopeRules = { isAllowed: () => false, isDenied: (scope: string) => scope === 'admin' }
  return { clock, plan: createScopePlan({ scopeRules, monotonicNow: clock.monotonicNow }) }
}

t.test('held scopes are asked for beside the needed ones, less the denied', async (t) => {
  const { plan } = createSubject()
  t.same(plan.choose(requestOf(['n'], ['openid', 'admin', 'a', 'n'])), ['a', 'n', 'openid'])
  t.same(plan.choose(requestOf(['n'], [])), ['n'])
  t.same(plan.choose(requestOf([], ['openid'])), ['openid'])
})

t.test('a held scope that could not be sent is left out', async (t) => {
  const { plan } = createSubject()
  t.same(plan.choose(requestOf(['n'], ['ä', 'a"b', 'ok'])), ['n', 'ok'])
})

t.test('held scopes that make the set too long are left out', async (t) => {
  const { plan } = createSubject()
  t.same(plan.choose(requestOf(['n'], ['x'.repeat(4000)])), ['n'])
})

t.test('where held scopes spoiled the set, the needed alone are asked for, for 30 s', async (t) => {
  const { plan, clock } = createSubject()
  plan.noteHeldRefused(requestOf(['n'], ['openid', 'foreign']))
  t.same(plan.choose(requestOf(['n'], ['foreign', 'openid'])), ['n'])
  t.same(plan.choose(requestOf(['m'], ['foreign', 'openid'])), ['m'], 'whatever is needed')
  t.same(plan.choose(requestOf(['n'], ['openid'])), ['n', 'openid'], 'other callers keep theirs')
  clock.advance(30_000)
  t.same(plan.choose(requestOf(['n'], ['foreign', 'openid'])), ['foreign', 'n', 'openid'])
})
