import t from 'tap'
import { findMisspelled } from '../../../src/config/misspelled.ts'

t.test('a name near to one of ours is asked about', async (t) => {
  const rows = [
    ['KEYCLOAK_CLIENTID', 'KEYCLOAK_CLIENT_ID'],
    ['KEYCLOCK_REALM', 'KEYCLOAK_REALM'],
    ['ALOWED_SCOPE', 'ALLOWED_SCOPES'],
    ['keycloak_realm', 'KEYCLOAK_REALM'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['TRUSTED_PROXY', 'TRUSTED_PROXIES'],
    ['CACHE_MAX_ENTRYS', 'CACHE_MAX_ENTRIES'],
    ['KEYCLOAK_CLIENT_SECRET_FLIE', 'KEYCLOAK_CLIENT_SECRET_FILE'],
  ] as const
  for (const [name, meant] of rows) {
    t.same(findMisspelled([name]), [`${name} is not a setting; did you mean ${meant}?`])
  }
})

t.test('a file for a setting that is no secret is not read, and that is said', async (t) => {
  t.same(findMisspelled(['KEYCLOAK_REALM_FILE']), [
    'KEYCLOAK_REALM_FILE is not read: only secrets can come from a file',
  ])
})

t.test('our own names and those of other programs pass', async (t) => {
  const names = [
    'KEYCLOAK_REALM',
    'KEYCLOAK_CLIENT_SECRET_FILE',
    'PATH',
    'POST',
    'HOSTNAME',
    // What Kubernetes and Keycloak itself put beside ours.
    'KEYCLOAK_SERVICE_HOST',
    'KEYCLOAK_PORT_8080_TCP',
    'KEYCLOAK_ADMIN_PASSWORD',
  ]
  t.same(findMisspelled(names), [])
})

t.test(
  'a name of ours by its beginning that is no setting is not passed over in silence',
  async (t) => {
    t.same(findMisspelled(['KEYCLOAK_URL', 'UPSTREAM_BASE']), [
      'KEYCLOAK_URL is not a setting: see --help for those that are',
      'UPSTREAM_BASE is not a setting: see --help for those that are',
    ])
  },
)
