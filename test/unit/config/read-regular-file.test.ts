import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import t from 'tap'
import { ConfigError } from '../../../src/config/config-error.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { readRegularFile } from '../../../src/config/read-regular-file.ts'
import { createFolder } from '../../support/files.ts'
import { REQUIRED } from './config-fixture.ts'

t.test('a whole regular file is read, also through a link, up to its bound', async (t) => {
  const folder = createFolder(t)
  folder.swap({ text: 'Grüße\n', empty: '', bound: 'x'.repeat(10) })
  t.equal(readRegularFile(folder.path('text')), 'Grüße\n')
  t.equal(readRegularFile(folder.path('empty')), '')
  t.equal(readRegularFile(folder.path('bound'), 10), 'x'.repeat(10))
  t.throws(() => readRegularFile(folder.path('bound'), 9), { code: 'ERR_FILE_TOO_LARGE' })
  t.throws(() => readRegularFile(folder.path('nowhere')), { code: 'ENOENT' })
})

t.test('files of the system that say they are empty are read too', async (t) => {
  t.match(readRegularFile('/proc/self/status'), /^Name:/)
})

t.test('each setting that names a pipe, a device, a folder or too much is a mistake', async (t) => {
  const folder = createFolder(t)
  folder.write({
    secret: 'x'.repeat(65_537),
    pem: 'x'.repeat(1_048_577),
    large: 'x'.repeat(16_777_217),
  })
  mkdirSync(folder.path('folder'))
  execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', folder.path('pipe')])
  const notRegular = 'cannot be read (not a regular file)'
  const named = `names a file that ${notRegular}`
  const tooLarge = (bytes: number) => `cannot be read (larger than ${bytes} bytes)`
  const table: [variable: string, path: string, reason: string][] = [
    ...[folder.path('pipe'), folder.path('folder'), '/dev/zero'].flatMap(
      (path): [string, string, string][] => [
        ['KEYCLOAK_CLIENT_SECRET_FILE', path, notRegular],
        ['CA_FILE', path, named],
        ['POLICY_FILE', path, named],
        ['--env-file', path, named],
      ],
    ),
    ['KEYCLOAK_CLIENT_SECRET_FILE', folder.path('secret'), tooLarge(65_536)],
    ['CA_FILE', folder.path('pem'), `names a file that ${tooLarge(1_048_576)}`],
    ['POLICY_FILE', folder.path('pem'), `names a file that ${tooLarge(1_048_576)}`],
    ['--env-file', folder.path('large'), `names a file that ${tooLarge(1_048_576)}`],
  ]
  for (const [variable, path, reason] of table) {
    const isEnvFile = variable === '--env-file'
    const env = { ...REQUIRED, ...(isEnvFile ? {} : { [variable]: path }) }
    if (variable === 'KEYCLOAK_CLIENT_SECRET_FILE') env.KEYCLOAK_CLIENT_SECRET = ''
    t.match(
      mistakesOf({ env, ...(isEnvFile ? { envFile: path } : {}) }),
      [{ variable, reason, example: /./ }],
      `${variable} ${reason}`,
    )
  }
})

function mistakesOf(options: {
  readonly env: Readonly<Record<string, string>>
  readonly envFile?: string
}) {
  try {
    loadConfig({ ...options, readFile: readRegularFile })
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.entries
  }
}
