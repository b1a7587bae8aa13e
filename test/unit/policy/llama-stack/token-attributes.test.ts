import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { attributesOf } from '../../../../src/policy/llama-stack/claim-attributes.ts'
import { readTokenAttributes } from '../../../../src/policy/llama-stack/token-attributes.ts'

// Two of the keys name one list, which attributes then share.
const KEYS = ['scope', 'groups', 'a.b', 'a\\.b', 'scope.x']
const ATTRIBUTES = ['scopes', 'teams', 'roles']
const VALUES = ['s1', 's2', 's3', 'x', '\0']

const value = fc.constantFrom(...VALUES)
const claim = fc.oneof(
  fc.array(value, { maxLength: 3 }),
  fc.array(value, { maxLength: 3 }).map((values) => values.join(' ')),
  fc.constantFrom(undefined, 7, { x: ['s1'] }),
)
const payloads = fc.record({
  scope: claim,
  groups: claim,
  'a.b': claim,
  a: fc.constantFrom(undefined, { b: ['x'] }),
})
const mappings = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom(...ATTRIBUTES)), {
    selector: ([key]) => key,
  })
  .map((pairs) => new Map(pairs))
const scopes = fc.subarray(['s1', 's2', 's3', 's1\u2003s2'])
const added = fc.subarray(['s1', 's2', 's3'])

t.test('a token has with other scopes what it would have if its `scope` named them', async () => {
  fc.assert(
    fc.property(payloads, mappings, scopes, added, (payload, mapping, held, news) => {
      const attributes = readTokenAttributes(payload, mapping)
      const trial = attributes.withScopes(held)(news)
      const own = attributesOf(payload, mapping)
      const other = attributesOf({ ...payload, scope: [...held, ...news].join(' ') }, mapping)
      for (const name of ATTRIBUTES) {
        for (const one of VALUES) {
          assert.equal(attributes.own.has(name, one), own.get(name)?.includes(one) === true)
          assert.equal(trial.has(name, one), other.get(name)?.includes(one) === true)
        }
      }
    }),
    { numRuns: 3_000 },
  )
})

t.test('an attribute is fed by the scopes only if they reach it', async (t) => {
  const fedBy = (payload: object, mapping: Readonly<Record<string, string>>) => [
    ...readTokenAttributes({ ...payload }, new Map(Object.entries(mapping))).fedByScope,
  ]
  t.same(fedBy({}, { sub: 'roles' }), [])
  t.same(fedBy({ groups: ['\0', 'x'] }, { scope: 'scopes', groups: 'teams' }), ['scopes'])
  t.same(fedBy({ 'a.b': ['g'] }, { 'a.b': 'x', 'a\\.b': 'y', scope: 'x' }), ['x', 'y'])
})
