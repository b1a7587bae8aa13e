import t from 'tap'
import { createTokenMemory } from '../../../src/relay/token-memory.ts'
import { createSubjectTokenReader } from '../../../src/subject-token.ts'

function createReader() {
  const read = createSubjectTokenReader({ maxEntries: 100 })
  let reads = 0
  const memory = createTokenMemory((authorization) => {
    reads += 1
    return read(authorization)
  })
  return {
    tokenOf: (authorization: string, connection: object) =>
      memory(authorization, connection)?.token.expose(),
    reads: () => reads,
  }
}

t.test('a value that comes again on its connection is not read again', (t) => {
  const { tokenOf, reads } = createReader()
  const connection = {}
  for (const _ of [1, 2, 3]) t.equal(tokenOf('Bearer abc', connection), 'abc')
  t.equal(reads(), 1)
  t.end()
})

t.test('another value on the same connection is read for itself, also when it is as long', (t) => {
  const { tokenOf } = createReader()
  const connection = {}
  for (const token of ['abc', 'abd', 'abc', 'ab', 'abd']) {
    t.equal(tokenOf(`Bearer ${token}`, connection), token)
  }
  t.end()
})

t.test('what is no bearer token is remembered as none', (t) => {
  const { tokenOf, reads } = createReader()
  const connection = {}
  t.equal(tokenOf('Basic abc', connection), undefined)
  t.equal(tokenOf('Basic abc', connection), undefined)
  t.equal(reads(), 1)
  t.end()
})

t.test('connections know nothing of one another', (t) => {
  const { tokenOf, reads } = createReader()
  t.equal(tokenOf('Bearer abc', {}), 'abc')
  t.equal(tokenOf('Bearer abc', {}), 'abc')
  t.equal(reads(), 2)
  t.end()
})
