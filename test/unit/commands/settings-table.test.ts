import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { listSettings } from '../../../src/config/settings-schema.ts'

function run(...args: readonly string[]) {
  const script = ['--import=tsx', 'scripts/settings-table.ts', ...args]
  return spawnSync(process.execPath, script, { encoding: 'utf8' })
}

t.test('the table has one row for every setting', async (t) => {
  const { stdout, status } = run()
  t.equal(status, 0)
  for (const [name] of listSettings()) t.equal(stdout.split(`| \`${name}\` |`).length, 2, name)
})

t.test('a table that drifted is found, written anew, and then found right', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'scopelift-table-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'README.md')
  writeFileSync(file, 'before\n<!-- settings -->\nold $& text\n<!-- /settings -->\nafter\n')
  const drifted = run('--check', file)
  t.equal(drifted.status, 1)
  t.match(drifted.stderr, /the settings have changed/)
  t.equal(run('--write', file).status, 0)
  t.equal(run('--check', file).status, 0)
  const text = readFileSync(file, 'utf8')
  t.ok(text.startsWith('before\n<!-- settings -->\n| '))
  t.ok(text.endsWith('|\n<!-- /settings -->\nafter\n'))
  t.notMatch(text, /old \$&/)
})

t.test('a file without the markers and a wrong option are failures', async (t) => {
  const { status, stderr } = run('--check', 'package.json')
  t.equal(status, 1)
  t.match(stderr, /has no <!-- settings -->/)
  t.equal(run('--chek', 'package.json').status, 64)
})
