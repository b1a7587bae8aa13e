import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Check } from '../../e2e/check.ts'
import { requireScope } from '../../support/upstream.ts'
import type { House } from '../house.ts'
import type { StartOptions } from '../running.ts'
import { until } from './keycloak.ts'
import { expectOutcome } from './outcomes.ts'

const SCOPE = 'llama:agent_create'

/** Where the secret comes from: the file is what the documentation asks for. */
const SOURCES = ['file', 'variable'] as const

/** The process dies, or is asked for a report about itself, with tokens in its memory. Heap snapshots and core dumps hold them, of course. */
export function crashChecks(house: House): readonly Check[] {
  const crashes = ['throw', 'reject', 'throw-nothing'] as const
  return SOURCES.flatMap((source) => [
    ...crashes.map(
      (how): Check => ({
        sentence: `an error that nobody catches (${how}), secret by ${source}`,
        run: () => crash(house, how, givenBy(source, house, `${how}, secret by ${source}`)),
      }),
    ),
    {
      sentence: `an error that even the crash handler misses, secret by ${source}`,
      run: () => crash(house, 'miss', givenBy(source, house, `missed, secret by ${source}`)),
    },
    {
      sentence: `a diagnostic report on a signal, secret by ${source}`,
      run: () => report(house, givenBy(source, house, `report, secret by ${source}`)),
    },
  ])
}

function givenBy(source: (typeof SOURCES)[number], house: House, name: string): StartOptions {
  if (source === 'file') return { name }
  const env = { KEYCLOAK_CLIENT_SECRET_FILE: undefined, KEYCLOAK_CLIENT_SECRET: house.secret }
  return { name, env }
}

/** Loaded before Scopelift; `SIGUSR2` makes it fail as if a bug had, the token in every part of the error. */
const PRELOAD = `
const fail = {
  throw: (error) => { throw error },
  reject: (error) => { Promise.reject(error) },
  // What Node itself then prints is the error, so this one holds nothing.
  miss: () => { process.removeAllListeners('uncaughtException'); throw new Error('a bug') },
  'throw-nothing': (error) => { throw { token: error.message } },
}
process.once('SIGUSR2', () => {
  const token = '<token>'
  const cause = Object.assign(new Error('cause ' + token), { body: token })
  const error = new TypeError('Bearer ' + token, { cause })
  Object.assign(error, { code: token, headers: { authorization: 'Bearer ' + token } })
  setTimeout(() => fail['<how>'](error), 1)
})
`

async function crash(house: House, how: string, options: StartOptions): Promise<void> {
  const token = await house.token()
  const text = PRELOAD.replace('<token>', token).replace('<how>', how)
  const preload = await house.file('preload.mjs', text)
  const reports = await mkdtemp(join(dirname(preload), 'reports-'))
  const nodeArgs = [
    `--import=${preload}`,
    '--report-uncaught-exception',
    '--report-on-fatalerror',
    `--report-directory=${reports}`,
  ]
  await house.withScopelift({ ...options, nodeArgs, reports, end: 'crashed' }, async (running) => {
    house.behave((req, res) => {
      if (requireScope(req, res, SCOPE)) res.end('granted')
    })
    await expectOutcome(house, running, 'stepped-up', token)
    running.program.signal('SIGUSR2')
    await running.program.ended
    if (how === 'miss') assert.match(running.program.stderr(), /Node\.js report completed/)
    else assert.match(running.program.stdout(), /"level":"fatal".*"msg":"crashed"/)
  })
}

async function report(house: House, options: StartOptions): Promise<void> {
  const reports = await mkdtemp(join(dirname(await house.file('x', '')), 'reports-'))
  const nodeArgs = ['--report-on-signal', `--report-directory=${reports}`]
  await house.withScopelift({ ...options, nodeArgs, reports }, async (running) => {
    house.behave((req, res) => {
      if (requireScope(req, res, SCOPE)) res.end('granted')
    })
    await expectOutcome(house, running, 'stepped-up', await house.token())
    running.program.signal('SIGUSR2')
    await until(() => running.program.stderr().includes('Node.js report completed'))
  })
}
