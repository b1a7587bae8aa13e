import t from 'tap'
import { readYaml } from '../../../src/policy/read-yaml.ts'

/** What stands in the place of SECRET is a value that somebody forgot to quote. */
const BROKEN = [
  'key: *SECRET',
  'key: !SECRET x',
  'key: !!SECRET x',
  'key: !<SECRET x',
  'key: !a!SECRET x',
  'key: |SECRET\n  text',
  'key: >SECRET\n  text',
  'key: "SECRET',
  'key: "\\SECRET"',
  'key: "\\USECRET12"',
  'key: @SECRET',
  'key: [\n- SECRET',
  'a: SECRET: b',
  '%YAML SECRET\n---\na: 1',
  '%TAG SECRET\n---\na: 1',
  '%SECRET\n---\na: 1',
  'key: &SECRET &SECRET x',
]

t.test('what is wrong in a YAML file is told without a text of the file', async (t) => {
  for (const text of BROKEN) {
    for (const version of ['1.1', '1.2'] as const) {
      const reading = readYaml(text, { version })
      t.notMatch(JSON.stringify(reading.kind === 'mistakes' ? reading.mistakes : []), /SECR/, text)
    }
  }
})

t.test('it is told nevertheless what is wrong', async (t) => {
  const reasonOf = (text: string) => {
    const reading = readYaml(text, { version: '1.2' })
    return reading.kind === 'mistakes' ? reading.mistakes[0]?.reason : undefined
  }
  t.match(reasonOf('key: !x y'), /tag/)
  t.match(reasonOf('key: |x\n  y'), /Block scalar header includes extra characters/)
  t.match(reasonOf('key: "x'), /Missing closing "quote/)
  t.match(reasonOf('%YAML x\n---\na: 1'), /directive/)
})
