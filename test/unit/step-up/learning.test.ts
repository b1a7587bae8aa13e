import t from 'tap'
import { createLearning } from '../../../src/step-up/learning.ts'
import { createClock } from '../../support/clock.ts'
import { subjectWith } from './fake-tokens.ts'

function createSchool(maxTokens = 3) {
  const clock = createClock(1_000_000)
  return { clock, learning: createLearning({ maxTokens, now: clock.now }) }
}

t.test('a lesson holds for one token, one method and one exact path', async (t) => {
  const { learning } = createSchool()
  const alice = subjectWith('a')
  const bob = subjectWith('b')
  learning.remember(alice, 'POST', '/a', ['x'])
  t.same(learning.recall(alice, 'POST', '/a'), ['x'])
  t.equal(learning.recall(bob, 'POST', '/a'), undefined)
  t.equal(learning.recall(alice, 'GET', '/a'), undefined)
  t.equal(learning.recall(alice, 'POST', '/a/b'), undefined)
  learning.remember(alice, 'POST', '/a', ['y'])
  t.same(learning.recall(alice, 'POST', '/a'), ['y'])
})

t.test('what is forgotten is gone, and nothing else', async (t) => {
  const { learning } = createSchool()
  const alice = subjectWith('a')
  learning.forget(alice, 'POST', '/a')
  learning.remember(alice, 'POST', '/a', ['x'])
  learning.remember(alice, 'POST', '/b', ['x'])
  learning.forget(alice, 'POST', '/a')
  t.equal(learning.recall(alice, 'POST', '/a'), undefined)
  t.same(learning.recall(alice, 'POST', '/b'), ['x'])
})

t.test('a lesson ends with its token', async (t) => {
  const { learning, clock } = createSchool()
  const alice = subjectWith('a', { exp: 1_010 })
  learning.remember(alice, 'POST', '/a', ['x'])
  clock.advance(9_999)
  t.same(learning.recall(alice, 'POST', '/a'), ['x'])
  clock.advance(1)
  t.equal(learning.recall(alice, 'POST', '/a'), undefined)
  learning.remember(alice, 'POST', '/a', ['x'])
  clock.advance(-1)
  t.equal(learning.recall(alice, 'POST', '/a'), undefined)
})

t.test('a path over 512 characters teaches nothing', async (t) => {
  const { learning } = createSchool()
  const alice = subjectWith('a')
  const longest = `/${'a'.repeat(511)}`
  learning.remember(alice, 'GET', longest, ['x'])
  learning.remember(alice, 'GET', `${longest}a`, ['x'])
  t.same(learning.recall(alice, 'GET', longest), ['x'])
  t.equal(learning.recall(alice, 'GET', `${longest}a`), undefined)
})

t.test('one token has 64 lessons, the least recently used out first', async (t) => {
  const { learning } = createSchool()
  const alice = subjectWith('a')
  for (let i = 0; i < 64; i += 1) learning.remember(alice, 'GET', `/${i}`, ['x'])
  learning.recall(alice, 'GET', '/0')
  learning.remember(alice, 'GET', '/64', ['x'])
  t.same(learning.recall(alice, 'GET', '/0'), ['x'])
  t.equal(learning.recall(alice, 'GET', '/1'), undefined)
  t.same(learning.recall(alice, 'GET', '/64'), ['x'])
})

t.test('tokens are bounded, the least recently used out first', async (t) => {
  const { learning } = createSchool(2)
  const [alice, bob, carol] = [subjectWith('a'), subjectWith('b'), subjectWith('c')]
  learning.remember(alice, 'GET', '/', ['x'])
  learning.remember(bob, 'GET', '/', ['x'])
  learning.recall(alice, 'GET', '/')
  learning.remember(carol, 'GET', '/', ['x'])
  t.same(learning.recall(alice, 'GET', '/'), ['x'])
  t.equal(learning.recall(bob, 'GET', '/'), undefined)
})

t.test('scopes over 1 024 characters teach nothing', async (t) => {
  const { learning } = createSchool()
  const alice = subjectWith('a')
  t.equal(learning.remember(alice, 'GET', '/a', ['x'.repeat(1_024)]), true)
  t.equal(learning.remember(alice, 'GET', '/b', ['x'.repeat(1_025)]), false)
  t.equal(learning.recall(alice, 'GET', '/a')?.length, 1)
  t.equal(learning.recall(alice, 'GET', '/b'), undefined)
})
