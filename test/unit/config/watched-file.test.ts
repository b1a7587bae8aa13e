import { writeFileSync } from 'node:fs'
import {
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createWatchedFile } from '../../../src/config/watched-file.ts'

// The tests look by themselves: the timer must never be the one that saw a change.
const NEVER_MS = 1_000_000

interface Test {
  teardown(run: () => unknown): void
}

async function createFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'scopelift-watch-'))
  t.teardown(() => rm(folder, { recursive: true }))
  return folder
}

async function watch(t: Test, path: string, maxBytes = 1000) {
  const events: string[] = []
  const file = createWatchedFile({
    path,
    intervalMs: NEVER_MS,
    maxBytes,
    text: await readFile(path, 'utf8').catch(() => ''),
    onChange: (text) => void events.push(`change: ${text}`),
    onError: (error) => void events.push(`error: ${error.message}`),
  })
  t.teardown(() => file.close())
  return { events, file }
}

t.test('a file that stays as it is causes nothing', async (t) => {
  const path = join(await createFolder(t), 'f')
  await writeFile(path, 'one')
  const { events, file } = await watch(t, path)
  for (let look = 0; look < 4; look++) await file.check()
  t.same(events, [])
})

t.test('who asks sees the file as it was then, also while a look is under way', async (t) => {
  const path = join(await createFolder(t), 'f')
  await writeFile(path, '')
  const { events, file } = await watch(t, path)
  for (let round = 0; round < 50; round += 1) {
    const before = file.check()
    // A little later each time, so that the look is anywhere in its work.
    for (let turn = 0; turn < round % 7; turn += 1) await new Promise(setImmediate)
    writeFileSync(path, `${round}`)
    await Promise.all([before, file.check(), file.check()])
    t.equal(events.at(-1), `change: ${round}`)
  }
})

t.test('a file written in place is noticed once', async (t) => {
  const path = join(await createFolder(t), 'f')
  await writeFile(path, 'one')
  const { events, file } = await watch(t, path)
  await file.check()
  await writeFile(path, 'second')
  await file.check()
  await file.check()
  t.same(events, ['change: second'])
})

t.test('a file renamed into place is noticed, even with equal size and times', async (t) => {
  const folder = await createFolder(t)
  const path = join(folder, 'f')
  const next = join(folder, 'next')
  await writeFile(path, 'one')
  await writeFile(next, 'two')
  const { atime, mtime } = await stat(path)
  await utimes(path, atime, mtime)
  await utimes(next, atime, mtime)
  const { events, file } = await watch(t, path)
  await file.check()
  await file.check()
  await rename(next, path)
  await file.check()
  t.same(events, ['change: two'])
})

t.test('a content of equal size written right after a look is noticed', async (t) => {
  const path = join(await createFolder(t), 'f')
  await writeFile(path, 'aaa')
  const { events, file } = await watch(t, path)
  for (const text of ['bbb', 'ccc', 'ddd']) {
    await writeFile(path, text)
    await file.check()
    await file.check()
  }
  t.same(events, ['change: bbb', 'change: ccc', 'change: ddd'])
})

t.test("Kubernetes' swap of the ..data link is noticed", async (t) => {
  const folder = await createFolder(t)
  for (const version of ['1', '2']) {
    await mkdir(join(folder, `..v${version}`))
    await writeFile(join(folder, `..v${version}`, 'secret'), `secret-${version}`)
  }
  await symlink('..v1', join(folder, '..data'))
  await symlink(join('..data', 'secret'), join(folder, 'secret'))
  const { events, file } = await watch(t, join(folder, 'secret'))
  await file.check()
  await file.check()
  await symlink('..v2', join(folder, '..data_tmp'))
  await rename(join(folder, '..data_tmp'), join(folder, '..data'))
  await file.check()
  t.same(events, ['change: secret-2'])
})

t.test('a touched file with the same content causes nothing', async (t) => {
  const path = join(await createFolder(t), 'f')
  await writeFile(path, 'one')
  const { events, file } = await watch(t, path)
  await file.check()
  await utimes(path, 1, 1)
  await file.check()
  t.same(events, [])
})

t.test('a missing file is reported once, and its return with what it then says', async (t) => {
  const path = join(await createFolder(t), 'f')
  await writeFile(path, 'one')
  const { events, file } = await watch(t, path)
  await rm(path)
  await file.check()
  await file.check()
  t.same(events, ['error: cannot be read (ENOENT)'])
  await writeFile(path, 'one')
  await file.check()
  await file.check()
  t.same(events.slice(1), ['change: one'])
})

t.test('another reason is reported anew', async (t) => {
  const path = join(await createFolder(t), 'f')
  const { events, file } = await watch(t, path)
  await file.check()
  await mkdir(path)
  await file.check()
  await file.check()
  t.same(events, ['error: cannot be read (ENOENT)', 'error: is not a regular file'])
})

t.test('a file over the bound is an error, one at the bound is not', async (t) => {
  const path = join(await createFolder(t), 'f')
  await writeFile(path, '12')
  const { events, file } = await watch(t, path, 4)
  await writeFile(path, '1234')
  await file.check()
  await writeFile(path, '12345')
  await file.check()
  t.same(events, ['change: 1234', 'error: is larger than 4 bytes'])
})

t.test(
  'a content that its user refuses is reported once, and the next one is offered',
  async (t) => {
    const path = join(await createFolder(t), 'f')
    await writeFile(path, 'good')
    const refused: string[] = []
    const file = createWatchedFile({
      path,
      intervalMs: NEVER_MS,
      maxBytes: 100,
      text: 'good',
      onChange: (text) => {
        if (text === 'bad') throw new Error('line 1 is broken')
        refused.push(`taken: ${text}`)
      },
      onError: (error) => void refused.push(error.message),
    })
    t.teardown(() => file.close())
    await writeFile(path, 'bad')
    await file.check()
    await file.check()
    await writeFile(path, 'better')
    await file.check()
    t.same(refused, ['line 1 is broken', 'taken: better'])
  },
)

t.test('looks do not overlap, and a closed watch is silent', async (t) => {
  const path = join(await createFolder(t), 'f')
  await writeFile(path, 'one')
  const { events, file } = await watch(t, path)
  await writeFile(path, 'two')
  void file.check()
  t.equal(file.check(), file.check(), 'one look follows for all who ask')
  file.close()
  await file.check()
  t.same(events, [])
})

t.test('the timer looks by itself', async (t) => {
  const path = join(await createFolder(t), 'f')
  await writeFile(path, 'two')
  const seen = await new Promise<string>((resolve, reject) => {
    const options = { path, intervalMs: 5, maxBytes: 100, text: 'one' }
    const file = createWatchedFile({ ...options, onChange: resolve, onError: reject })
    // The watch's own timer does not keep the process alive, so the test must.
    const alive = setInterval(() => undefined, 1000)
    t.teardown(() => {
      file.close()
      clearInterval(alive)
    })
  })
  t.equal(seen, 'two')
})
