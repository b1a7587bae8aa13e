import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { DemoError, startSidecar } from '../../../demo/sidecar.ts'
import type { Teardown } from '../../support/demo-servers.ts'

async function writeProgram(t: Teardown, source: string) {
  const cwd = await mkdtemp(join(tmpdir(), 'scopelift-test-'))
  t.teardown(() => rm(cwd, { recursive: true, force: true }))
  const program = join(cwd, 'program.mjs')
  await writeFile(program, source)
  return { cwd, program, env: { GREETING: 'hello' } }
}

/** A stand-in for the stand-in's partner: listens, is healthy, and writes an audit line per request. */
const OBEDIENT = `
import { createServer } from 'node:http'
const server = createServer((request, response) => {
  if (request.url !== '/healthz') console.log(JSON.stringify({ outcome: process.env.GREETING }))
  response.end()
})
server.listen(0, '127.0.0.1', () => {
  const url = 'http://127.0.0.1:' + server.address().port
  console.log(JSON.stringify({ msg: 'scopelift listening', url, adminUrl: url }))
})
process.on('SIGTERM', () => process.exit(0))
`

t.test(
  'a program that listens is started, its audit lines are read, and it is stopped',
  async (t) => {
    const sidecar = await startSidecar(await writeProgram(t, OBEDIENT))
    await fetch(sidecar.url)
    t.match(await sidecar.nextAudit(), { outcome: 'hello' })
    await sidecar.close()
    t.equal(await sidecar.exited, 0)
    await sidecar.close()
  },
)

t.test('audit lines of before can be passed over', async (t) => {
  const sidecar = await startSidecar(await writeProgram(t, OBEDIENT))
  t.teardown(() => sidecar.close())
  await fetch(sidecar.url)
  await sidecar.nextAudit()
  await fetch(sidecar.url)
  t.match(await sidecar.nextAudit(), { outcome: 'hello' })
  sidecar.skipAudits()
  const next = sidecar.nextAudit()
  await fetch(sidecar.url)
  t.match(await next, { outcome: 'hello' })
})

t.test('a program that is not built names the remedy', async (t) => {
  const { cwd, env, program } = await writeProgram(t, '')
  await t.rejects(startSidecar({ cwd, env, program: `${program}.missing` }), {
    name: 'DemoError',
    message: /npm run build/,
  })
})

t.test('a program that ends at once is told with its code and what it wrote', async (t) => {
  const source = 'process.stderr.write("PORT: is taken"); process.exitCode = 78'
  await t.rejects(startSidecar(await writeProgram(t, source)), {
    message: 'Scopelift ended at its start with exit code 78:\nPORT: is taken',
  })
  const silent = startSidecar(await writeProgram(t, ''))
  await t.rejects(silent, new DemoError('Scopelift ended at its start with exit code 0'))
})
