import { spawnSync } from 'node:child_process'
import t from 'tap'
import { CATALOGUE } from '../../../src/doctor/catalogue/catalogue.ts'

function run(...args: readonly string[]) {
  const script = ['--import=tsx', 'scripts/troubleshooting.ts', ...args]
  return spawnSync(process.execPath, script, { encoding: 'utf8' })
}

t.test('the table has one row for everything that is no tick', async (t) => {
  const { stdout, status } = run()
  t.equal(status, 0)
  for (const [id, { verdict }] of Object.entries(CATALOGUE)) {
    t.equal(stdout.split(` \`${id}\` |`).length, verdict === 'ok' ? 1 : 2, id)
  }
  t.notMatch(stdout, /[{}]/)
})

t.test("the README's troubleshooting is that of the catalogue", async (t) => {
  const { stderr, status } = run('--check', 'README.md')
  t.equal(stderr, '')
  t.equal(status, 0)
})
