import t from 'tap'
import { substituteEnv } from '../../../../src/policy/llama-stack/substitute-env.ts'

const env = { SET: 'x', EMPTY: '', HOME_LIKE: '~/a', NUMBER: '7', A1_B: 'y' }
const ref = (inner: string) => `$\{env.${inner}}`

/** As `replace_env_vars` of OGX 1.5.0 answers. */
const CASES: readonly (readonly [string, string | undefined])[] = [
  ['plain', 'plain'],
  ['12', '12'],
  [ref('SET'), 'x'],
  [`a${ref('SET')}b${ref('A1_B')}`, 'axby'],
  [ref('SET:=d'), 'x'],
  [ref('UNSET:=d'), 'd'],
  [ref('EMPTY:=d'), 'd'],
  [ref('UNSET:=a b/c*'), 'a b/c*'],
  [`a${ref('UNSET:=')}b`, 'ab'],
  [ref('SET:+v'), 'v'],
  [`a${ref('UNSET:+v')}`, 'a'],
  [`a${ref('EMPTY:+v')}`, 'a'],
  [`a${ref('SET:+')}`, 'a'],
  [ref('').replace('env.', 'SET'), ref('').replace('env.', 'SET')],
  [ref('lower'), ref('lower')],
  [ref('SET:-d'), ref('SET:-d')],
]

t.test('references become what OGX makes of them', (t) => {
  for (const [text, result] of CASES)
    t.same(substituteEnv(text, env), { kind: 'text', text: result }, text)
  t.end()
})

t.test('a text that becomes empty is none at all', (t) => {
  for (const inner of ['UNSET:=', 'UNSET:+v', 'SET:+', 'EMPTY:=']) {
    t.same(substituteEnv(ref(inner), env), { kind: 'none' }, inner)
  }
  t.end()
})

t.test('what looks like a number or a boolean is no text any more', (t) => {
  for (const value of [
    '7',
    '-1.5',
    '1e3',
    ' 8 ',
    '1_000',
    '.5',
    '5.',
    'inf',
    '-Infinity',
    'NaN',
    'True',
    'false',
  ]) {
    t.same(substituteEnv(ref(`UNSET:=${value}`), env), { kind: 'no-text' }, value)
  }
  for (const value of ['1_', '_1', '1__0', '0x10', 'e5', '.', 'tru', 'infinit', '1 2']) {
    t.same(substituteEnv(ref(`UNSET:=${value}`), env), { kind: 'text', text: value }, value)
  }
  t.same(substituteEnv(ref('NUMBER'), env), { kind: 'no-text' })
  t.end()
})

t.test('what is not set here is unresolved, and named', (t) => {
  t.same(substituteEnv(ref('UNSET'), env), { kind: 'unresolved', name: 'UNSET' })
  t.same(substituteEnv(`a${ref('EMPTY')}`, env), { kind: 'unresolved', name: 'EMPTY' })
  t.end()
})

t.test("a value under OGX's home is unresolved, since that home is not ours", (t) => {
  t.same(substituteEnv(ref('HOME_LIKE'), env), { kind: 'unresolved', name: 'HOME_LIKE' })
  t.same(substituteEnv(ref('UNSET:=~root'), env), { kind: 'unresolved', name: 'UNSET' })
  t.end()
})
