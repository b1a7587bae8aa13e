import t from 'tap'
import { addNominated, withoutNominated } from '../../../src/relay/hop-by-hop.ts'

t.test('the common values of Connection name nothing', async (t) => {
  for (const value of ['keep-alive', 'Keep-Alive', 'close', 'CLOSE']) {
    t.equal(addNominated(value, undefined), undefined)
  }
  const names = new Set(['x'])
  t.equal(addNominated('close', names), names)
})

t.test('names are gathered line by line', async (t) => {
  const table: [value: string, names: string[]][] = [
    ['X-A', ['x-a']],
    [' x-a ,X-B,, ', ['x-a', 'x-b']],
    ['close, x-a', ['close', 'x-a']],
    ['', []],
    ['authorization, Content-Length, content-type, content-encoding, www-authenticate', []],
  ]
  for (const [value, names] of table) t.same([...(addNominated(value, undefined) ?? [])], names)
  t.same(addNominated('b', addNominated('a', undefined)), new Set(['a', 'b']))
})

t.test('nominated lines are cut whatever their case', async (t) => {
  t.same(withoutNominated(['X-A', '1', 'b', '2', 'x-a', '3'], new Set(['x-a'])), ['b', '2'])
  t.same(withoutNominated(['X-A', '1'], new Set()), ['X-A', '1'])
})
