import t from 'tap'
import { loadConfig } from '../../../src/config/load-config.ts'
import { createTestKey } from '../../support/client-keys.ts'
import { listMistakes, REQUIRED, readFrom } from './config-fixture.ts'

const { KEYCLOAK_CLIENT_SECRET: _, ...WITHOUT_SECRET } = REQUIRED
const rsa = createTestKey('rsa')
const ec = createTestKey('ec')
const FILES = { '/key.pem': rsa.pem, '/public.pem': rsa.publicPem, '/empty': '' }
const BY_KEY = { KEYCLOAK_AUTH_METHOD: 'private_key_jwt', KEYCLOAK_CLIENT_SECRET: '' }
const BY_ASSERTION = { KEYCLOAK_AUTH_METHOD: 'federated_jwt', KEYCLOAK_CLIENT_SECRET: '' }

const load = (env: Record<string, string>) =>
  loadConfig({
    env: { ...WITHOUT_SECRET, KEYCLOAK_AUDIENCE: 'a', ...env },
    readFile: readFrom(FILES),
  })

t.test('private_key_jwt takes a key from its variable or its file', async (t) => {
  const details = { KEYCLOAK_CLIENT_KEY_ID: 'k1', KEYCLOAK_CLIENT_KEY_ALG: 'PS256' }
  const config = load({ ...BY_KEY, ...details, KEYCLOAK_CLIENT_KEY_FILE: '/key.pem' })
  const { authentication } = config.keycloak
  if (authentication.method !== 'private_key_jwt') throw new Error(authentication.method)
  t.equal(authentication.key.kind === 'file' && authentication.key.path, '/key.pem')
  t.equal(authentication.key.secret.expose(), rsa.pem.trimEnd())
  t.equal(authentication.keyId, 'k1')
  t.equal(authentication.algorithm, 'PS256')
  t.same(config.warnings, [])
  t.notOk(JSON.stringify(config).includes('PRIVATE KEY'))
  const jwk = load({ ...BY_KEY, KEYCLOAK_CLIENT_KEY: JSON.stringify(ec.jwk) })
  t.match(jwk.keycloak.authentication, { method: 'private_key_jwt', key: { kind: 'value' } })
})

t.test('federated_jwt takes a file that need not be there yet', async (t) => {
  const { keycloak, warnings } = load({ ...BY_ASSERTION, KEYCLOAK_CLIENT_ASSERTION_FILE: '/late' })
  t.same(keycloak.authentication, { method: 'federated_jwt', assertionFile: '/late' })
  t.same(warnings, [])
})

t.test('each method misses what it needs, and nothing else', async (t) => {
  t.same(listMistakes({ KEYCLOAK_CLIENT_SECRET: '' }), [
    'KEYCLOAK_CLIENT_SECRET: is missing (or set KEYCLOAK_CLIENT_SECRET_FILE)',
  ])
  t.same(listMistakes(BY_KEY), [
    'KEYCLOAK_CLIENT_KEY: is missing (or set KEYCLOAK_CLIENT_KEY_FILE), for KEYCLOAK_AUTH_METHOD is private_key_jwt',
  ])
  t.same(listMistakes(BY_ASSERTION), [
    'KEYCLOAK_CLIENT_ASSERTION_FILE: is missing, for KEYCLOAK_AUTH_METHOD is federated_jwt',
  ])
})

t.test('who has set the credential of another method is told its name', async (t) => {
  const key = { KEYCLOAK_CLIENT_SECRET: '', KEYCLOAK_CLIENT_KEY_FILE: '/key.pem' }
  t.match(listMistakes(key, FILES), [
    /KEYCLOAK_CLIENT_SECRET: .*KEYCLOAK_AUTH_METHOD=private_key_jwt$/,
  ])
  const file = { KEYCLOAK_CLIENT_SECRET: '', KEYCLOAK_CLIENT_ASSERTION_FILE: '/token' }
  t.match(listMistakes(file), [/KEYCLOAK_CLIENT_SECRET: .*KEYCLOAK_AUTH_METHOD=federated_jwt$/])
})

t.test('a credential that the method does not use is worth a warning', async (t) => {
  const unused = { KEYCLOAK_CLIENT_SECRET: 'x', KEYCLOAK_CLIENT_KEY_ID: 'k' }
  const { warnings } = load({ ...unused, KEYCLOAK_CLIENT_KEY: rsa.pem })
  t.same(warnings, [
    'KEYCLOAK_CLIENT_KEY is not used with KEYCLOAK_AUTH_METHOD=client_secret_basic',
    'KEYCLOAK_CLIENT_KEY_ID is not used with KEYCLOAK_AUTH_METHOD=client_secret_basic',
  ])
})

t.test('a wrong key is a mistake of the variable that holds it', async (t) => {
  t.match(listMistakes({ ...BY_KEY, KEYCLOAK_CLIENT_KEY: 'hunter2' }), [
    /^KEYCLOAK_CLIENT_KEY: must be a private key/,
  ])
  t.match(listMistakes({ ...BY_KEY, KEYCLOAK_CLIENT_KEY_FILE: '/public.pem' }, FILES), [
    /^KEYCLOAK_CLIENT_KEY_FILE: is a public key/,
  ])
  t.match(listMistakes({ ...BY_KEY, KEYCLOAK_CLIENT_KEY_FILE: '/nowhere' }, FILES), [
    /^KEYCLOAK_CLIENT_KEY_FILE: cannot be read \(ENOENT\): there is no such file/,
  ])
  t.same(listMistakes({ ...BY_KEY, KEYCLOAK_CLIENT_KEY_FILE: '/empty' }, FILES), [
    'KEYCLOAK_CLIENT_KEY_FILE: names an empty file',
  ])
  const es256 = { KEYCLOAK_CLIENT_KEY: rsa.pem, KEYCLOAK_CLIENT_KEY_ALG: 'ES256' }
  t.match(listMistakes({ ...BY_KEY, ...es256 }), [/^KEYCLOAK_CLIENT_KEY_ALG: does not fit/])
})
