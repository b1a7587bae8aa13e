import t from 'tap'
import { createUsage, SHORT_USAGE } from '../../../src/commands/usage.ts'
import { listSettings } from '../../../src/config/settings-schema.ts'

t.test('the help names every setting once, with its default or an example', async (t) => {
  const lines = createUsage().split('\n')
  for (const [name] of listSettings()) {
    const found = lines.filter((line) => line.startsWith(`  ${name} (`))
    t.equal(found.length, 1, name)
  }
  t.ok(lines.includes('  PORT (default: 8322)'))
  t.ok(lines.includes('  REPLAY_MAX_BYTES (default: 16MiB)'))
  t.ok(lines.includes('  KEYCLOAK_REALM (required; example: authentication-demo)'))
  t.ok(
    lines.includes(
      '  KEYCLOAK_CLIENT_SECRET (required by client_secret_basic and client_secret_post)',
    ),
  )
  t.ok(lines.includes('  CA_FILE (example: /etc/ssl/internal-ca.pem)'))
})

t.test('the help begins with the commands and ends with the exit codes', async (t) => {
  t.ok(createUsage().startsWith(SHORT_USAGE))
  t.match(createUsage(), /Exit codes: 0 success, 1 failure, 64 usage, 78 configuration\.\n$/)
})
