import t from 'tap'
import { parseCondition } from '../../../../src/policy/llama-stack/condition.ts'

t.test('a value in an attribute is wanted, or unwanted', (t) => {
  const wanted = { kind: 'attribute', attribute: 'scopes', value: 'llama:a', isWanted: true }
  t.same(parseCondition('user with llama:a in scopes'), wanted)
  t.same(parseCondition('  user\twith\u3000llama:a  in\nscopes '), wanted)
  t.same(parseCondition('user with llama:a not in scopes'), { ...wanted, isWanted: false })
  t.end()
})

t.test('a word of the language may be a value or an attribute', (t) => {
  const condition = { kind: 'attribute', attribute: 'in', value: 'not', isWanted: true }
  t.same(parseCondition('user with not in in'), condition)
  t.same(parseCondition('user with in not in owners'), {
    ...condition,
    attribute: 'owners',
    value: 'in',
    isWanted: false,
  })
  t.end()
})

t.test('without a resource nobody is its owner', (t) => {
  for (const text of ['user is not owner', 'user not in owners teams', 'resource is unowned']) {
    t.same(parseCondition(text), { kind: 'fixed', truth: 'yes' }, text)
  }
  for (const text of ['user is owner', 'user in owners teams']) {
    t.same(parseCondition(text), { kind: 'fixed', truth: 'no' }, text)
  }
  t.end()
})

t.test('what OGX refuses is no condition', (t) => {
  const refused = [
    '',
    'user',
    'user is',
    'user is admin',
    'user with a in',
    'user with a b in c',
    'user with a not in',
    'User is owner',
    'user in owners',
    'resource is owned',
    'user with a in b and user with c in d',
    'user\ufeffis owner',
  ]
  for (const text of refused) t.equal(parseCondition(text), undefined, text)
  t.end()
})
