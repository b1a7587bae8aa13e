import { parseEnv } from 'node:util'
import t from 'tap'
import { createFolder } from '../../support/files.ts'
import { runInspection } from '../../support/inspect.ts'

const KEY = '-----BEGIN PRIVATE KEY-----'
const ENV = {
  KEYCLOAK_SERVER_URL: ' http://localhost:8002/auth/ ',
  KEYCLOAK_CLIENT_ID: 'scopelift',
  REPLAY_MAX_BYTES: '1048576',
  ALLOWED_SCOPES: ' llama:*   mcp:x ',
}

async function run(t: { teardown(run: () => unknown): void }, args: readonly string[]) {
  const folder = createFolder(t)
  folder.write({
    secret: 'hunter2-from-file\n',
    '.env': `KEYCLOAK_REALM=demo\nKEYCLOAK_CLIENT_ID=hidden\nKEYCLOAK_CLIENT_SECRET_FILE=${folder.path('secret')}\n`,
  })
  const envFile = folder.path('.env')
  const ran = await runInspection({ args: ['config', ...args], env: ENV, envFile })
  return { ...ran, envFile, secretFile: folder.path('secret') }
}

t.test('each setting stands with its value and where that comes from', async (t) => {
  const { code, lines, output, envFile, secretFile } = await run(t, [])
  t.equal(code, 0)
  for (const line of [
    'KEYCLOAK_SERVER_URL=http://localhost:8002/auth/ # environment',
    `KEYCLOAK_REALM=demo # ${envFile}`,
    'KEYCLOAK_CLIENT_ID=scopelift # environment',
    `# KEYCLOAK_CLIENT_SECRET is set (from file ${secretFile}, by KEYCLOAK_CLIENT_SECRET_FILE of ${envFile})`,
    '# KEYCLOAK_CLIENT_KEY is not set',
    '# KEYCLOAK_CLIENT_ASSERTION_FILE is not set',
    'KEYCLOAK_ISSUER=http://localhost:8002/auth/realms/demo # default',
    'REPLAY_MAX_BYTES=1MiB # environment',
    'REPLAY_TOTAL_BYTES=64MiB # default',
    'ALLOWED_SCOPES=llama:* mcp:x # environment',
    'PORT=8322 # default',
    '# POLICY_FILE is not set',
  ]) {
    t.ok(lines.includes(line), line)
  }
  t.match(output, /^# Worth a look: KEYCLOAK_AUDIENCE is not set/m)
  t.notMatch(output, /hunter2/)
})

t.test('as JSON it tells the same, and of a secret only that it is set', async (t) => {
  const { output, secretFile } = await run(t, ['--json'])
  const { settings, warnings } = JSON.parse(output)
  const find = (name: string) => settings.find((one: { name: string }) => one.name === name)
  t.same(find('KEYCLOAK_REALM'), { name: 'KEYCLOAK_REALM', source: 'env-file', value: 'demo' })
  t.same(find('POLICY_FILE'), { name: 'POLICY_FILE', source: 'unset', value: null })
  t.same(find('KEYCLOAK_CLIENT_SECRET'), {
    name: 'KEYCLOAK_CLIENT_SECRET',
    source: 'env-file',
    isSecret: true,
    isSet: true,
    secretFile,
  })
  t.match(warnings, [/KEYCLOAK_AUDIENCE/])
  t.notMatch(output, /hunter2/)
})

t.test('a token in the place of a file is masked, and nothing acts on the terminal', async (t) => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln'
  const env = {
    ...ENV,
    KEYCLOAK_REALM: 'demo',
    KEYCLOAK_CLIENT_SECRET: 's',
    KEYCLOAK_CLIENT_ASSERTION_FILE: token,
    KEYCLOAK_CLIENT_ID: 'x\ny\u001b[2Jz',
  }
  for (const more of [[], ['--json']]) {
    const { output } = await runInspection({ args: ['config', ...more], env })
    t.notOk(output.includes(token))
    t.notOk(output.includes('\u001b') || output.includes('\\u001b'))
    t.notOk(/x(\n|\\n)y/.test(output))
    t.match(output, /\[token\]/)
  }
})

t.test('the lines can be read back as a .env file', async (t) => {
  for (const id of ['a #b', 'a#b', `it's`, '"q"', '`b`', `'"`, 'plain']) {
    const env = {
      ...ENV,
      KEYCLOAK_REALM: 'demo',
      KEYCLOAK_CLIENT_SECRET: 's',
      KEYCLOAK_CLIENT_ID: id,
    }
    const { output } = await runInspection({ args: ['config'], env })
    t.equal(parseEnv(output)['KEYCLOAK_CLIENT_ID'], id)
  }
})

t.test('mistakes are those of serve, a broken policy among them', async (t) => {
  const folder = createFolder(t)
  folder.write({ policy: 'routes: [{ match: { path: x } }]\n' })
  await t.rejects(runInspection({ args: ['config'], env: ENV }), { code: 'ERR_CONFIG' })
  const env = {
    ...ENV,
    KEYCLOAK_REALM: 'demo',
    KEYCLOAK_CLIENT_SECRET: 'hunter2',
    POLICY_FILE: folder.path('policy'),
  }
  await t.rejects(runInspection({ args: ['config'], env }), { code: 'ERR_POLICY_LOAD' })
})

t.test('a private key is not printed, be it right or wrong', async (t) => {
  const env = {
    ...ENV,
    KEYCLOAK_REALM: 'demo',
    KEYCLOAK_CLIENT_SECRET: 's',
    KEYCLOAK_CLIENT_KEY: KEY,
  }
  const { output } = await runInspection({ args: ['config'], env })
  t.notMatch(output, /BEGIN PRIVATE/)
})
