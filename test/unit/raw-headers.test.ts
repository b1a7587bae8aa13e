import t from 'tap'
import { readRawHeaders } from '../../src/raw-headers.ts'

t.test('lines are read as latin-1, whatever the transport hands over', async (t) => {
  const table: [lines: unknown, read: string[]][] = [
    [
      [Buffer.from([0x78]), Buffer.from([0xe9])],
      ['x', '\u00e9'],
    ],
    [
      ['X', 'a', 'x', 'b'],
      ['X', 'a', 'x', 'b'],
    ],
    [
      [Buffer.from('x'), 7],
      ['x', '7'],
    ],
    [[], []],
    [['odd'], []],
    [{ x: 'a' }, []],
    ['x: a', []],
    [null, []],
    [undefined, []],
  ]
  for (const [lines, read] of table) t.same(readRawHeaders(lines), read)
})

t.test('what is read is a list of its own', async (t) => {
  const lines = ['x', 'a']
  const read = readRawHeaders(lines)
  read.push('y', 'b')
  t.same(lines, ['x', 'a'])
})
