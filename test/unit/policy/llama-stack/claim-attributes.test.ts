import t from 'tap'
import {
  attributesOf,
  DEFAULT_CLAIMS_MAPPING,
} from '../../../../src/policy/llama-stack/claim-attributes.ts'

function attributes(claims: Readonly<Record<string, unknown>>, mapping: Record<string, string>) {
  return Object.fromEntries(attributesOf(claims, new Map(Object.entries(mapping))))
}

t.test('a text is split at white space, a list is taken as it is', (t) => {
  t.same(
    attributes({ scope: ' a  b\tc ', groups: ['x y'] }, { scope: 'scopes', groups: 'teams' }),
    {
      scopes: ['a', 'b', 'c'],
      teams: ['x y'],
    },
  )
  t.end()
})

t.test('several claims feed one attribute', (t) => {
  t.same(attributes({ a: 'x', b: ['y'] }, { a: 'teams', b: 'teams' }), { teams: ['x', 'y'] })
  t.end()
})

t.test('a dot walks into a claim, and an escaped one does not', (t) => {
  const claims = {
    realm_access: { roles: ['r'] },
    'kubernetes.io': { name: 'n' },
    'a.b': 'literal',
  }
  t.same(attributes(claims, { 'realm_access.roles': 'roles' }), { roles: ['r'] })
  t.same(attributes(claims, { 'kubernetes\\.io.name': 'names' }), { names: ['n'] })
  t.same(attributes(claims, { 'a.b': 'x' }), { x: ['literal'] })
  t.same(attributes({ ...claims, a: { b: 'walked' } }, { 'a.b': 'x' }), { x: ['walked'] })
  t.end()
})

t.test('other types, missing claims and inherited names give nothing', (t) => {
  const mapping = { n: 'x', o: 'x', u: 'x', 'o.p': 'x', constructor: 'x', '__proto__.x': 'x' }
  t.same(attributes({ n: 7, o: {}, u: null }, mapping), {})
  t.end()
})

t.test("the caller's own claims are left as they are", (t) => {
  const groups = ['a']
  attributes({ groups, team: 'b' }, { groups: 'teams', team: 'teams' })
  t.same(groups, ['a'])
  t.end()
})

t.test('the default mapping knows no scope', (t) => {
  t.same(
    Object.fromEntries(
      attributesOf({ sub: 'u', scope: 'a', groups: ['g'] }, DEFAULT_CLAIMS_MAPPING),
    ),
    {
      roles: ['u'],
      teams: ['g'],
    },
  )
  t.end()
})
