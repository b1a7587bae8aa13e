import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { watchSecret } from '../../../src/config/watched-secret.ts'
import { createSecret } from '../../../src/secret.ts'
import { createFolder } from '../../support/files.ts'

function parse(text: string): string {
  if (text.startsWith('bad')) throw new Error('is bad')
  return `<${text}>`
}

t.test('a value is parsed once and never changes', async (t) => {
  const source = { kind: 'value', secret: createSecret('x') } as const
  const watched = watchSecret(source, { intervalMs: 1, parse, onRead() {}, onError() {} })
  t.equal(watched.current(), '<x>')
  t.equal(await watched.refresh(), false)
  watched.close()
  const bad = { kind: 'value', secret: createSecret('bad') } as const
  t.throws(() => watchSecret(bad, { intervalMs: 1, parse, onRead() {}, onError() {} }), /is bad/)
})

t.test(
  'a file is parsed at each change; a bad one is refused and the one before stays',
  async (t) => {
    const folder = createFolder(t)
    folder.write({ s: 'one\n' })
    const said: unknown[] = []
    const watched = watchSecret(
      { kind: 'file', path: folder.path('s'), secret: createSecret('one') },
      {
        intervalMs: 60_000,
        parse,
        onRead: (isNew) => said.push(isNew),
        onError: (error) => said.push(error.message),
      },
    )
    t.teardown(() => watched.close())
    folder.write({ s: 'two\n' })
    t.equal(await watched.refresh(), true)
    t.equal(watched.current(), '<two>')
    t.equal(await watched.refresh(), false)
    folder.write({ s: 'bad' })
    t.equal(await watched.refresh(), false)
    t.equal(watched.current(), '<two>')
    folder.write({ s: 'two' })
    t.equal(await watched.refresh(), false)
    t.same(said, [true, 'is bad', false])
    await sleep(0)
  },
)
