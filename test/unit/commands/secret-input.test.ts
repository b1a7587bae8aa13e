import { Readable } from 'node:stream'
import t from 'tap'
import { readPassword, readToken } from '../../../src/commands/secret-input.ts'
import { readFrom } from '../config/config-fixture.ts'

/** Standard input that says this, and whether it is a terminal. */
function inputOf(chunks: readonly string[], isTTY = false) {
  const shown: string[] = []
  const modes: boolean[] = []
  const stream = Object.assign(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), {
    isTTY,
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
  })
  const readFile = readFrom({ token: ' Bearer abc \n', password: 'pass \n', empty: '\n' })
  return { stream, readFile, prompt: (text: string) => void shown.push(text), shown, modes }
}

const FAILS = { code: 'ERR_SECRET_INPUT' }

t.test('a token is taken from argument, file or standard input, without `Bearer`', async (t) => {
  const from = async (path: string, chunks: readonly string[] = []) =>
    (await readToken({ kind: 'file', path }, inputOf(chunks))).expose()
  t.equal((await readToken({ kind: 'text', text: 'abc' }, inputOf([]))).expose(), 'abc')
  t.equal(await from('token'), 'abc')
  t.equal(await from('-', ['bearer a', 'bc\n']), 'abc')
  await t.rejects(from('empty'), FAILS)
  await t.rejects(from('-'), FAILS)
  await t.rejects(from('missing'), { ...FAILS, message: /cannot be read \(ENOENT\)/ })
  await t.rejects(from('-', ['x'.repeat(131_073)]), FAILS)
})

t.test(
  'a password comes from the environment, a file, or the first line of standard input',
  async (t) => {
    const ask = async (env: Record<string, string>, chunks: readonly string[] = []) =>
      (await readPassword(env, inputOf(chunks))).expose()
    t.equal(await ask({ SCOPELIFT_LOGIN_PASSWORD: ' a b ' }), ' a b ')
    t.equal(await ask({ SCOPELIFT_LOGIN_PASSWORD_FILE: 'password' }), 'pass ')
    t.equal(await ask({}, ['fir', 'st\nsecond\n']), 'first')
    t.equal(await ask({}, ['without end']), 'without end')
    await t.rejects(ask({}), FAILS)
    const both = { SCOPELIFT_LOGIN_PASSWORD: 'a', SCOPELIFT_LOGIN_PASSWORD_FILE: 'password' }
    await t.rejects(ask(both), FAILS)
  },
)

t.test('a terminal asks and shows nothing; what is mistyped is erased', async (t) => {
  const input = inputOf(['ax\u007f', 'b\bc\u00e9\r'], true)
  t.equal((await readPassword({}, input)).expose(), 'acé')
  t.same(input.shown, ['Password: ', '\n'])
  t.same(input.modes, [true, false])
})

t.test('Ctrl-C at a terminal ends it, and the terminal is as before', async (t) => {
  const input = inputOf(['ab\u0003'], true)
  await t.rejects(readPassword({}, input), FAILS)
  t.same(input.modes, [true, false])
})
