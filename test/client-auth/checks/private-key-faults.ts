import assert from 'node:assert/strict'
import type { Check } from '../../e2e/check.ts'
import { createTestKey } from '../../support/client-keys.ts'
import { assertRefused, GRANTED, startHouse } from '../house.ts'
import type { KeycloakContainer } from '../keycloak-container.ts'
import type { Realm } from '../realm.ts'
import { registerKeys } from '../realm.ts'
import { within } from '../teardown.ts'
import { BY_KEY } from './private-key.ts'

const REGISTER = /Keycloak refuses the assertion of client .*KEYCLOAK_CLIENT_KEY.*KEYCLOAK_ISSUER/

/** Our own mistakes with keys, each named by readiness with its remedy. */
export function privateKeyFaultChecks(keycloak: KeycloakContainer, realm: Realm): readonly Check[] {
  const key = createTestKey('ec')
  const registered = { ...key.publicJwk, kid: 'k1', alg: 'ES256' }
  const byKey = { ...BY_KEY, KEYCLOAK_CLIENT_KEY: key.pem }
  const refuses = (env: Readonly<Record<string, string>>, remedy: RegExp) =>
    within(async (t) => assertRefused(await startHouse(t, keycloak, realm, env), remedy))
  const knowKey = () => realm.authenticateBy('client-jwt', registerKeys(registered))
  return [
    {
      sentence: 'a key that is not registered: the remedy is to register it',
      async run() {
        await knowKey()
        await refuses({ ...byKey, KEYCLOAK_CLIENT_KEY: createTestKey('ec').pem }, REGISTER)
      },
    },
    {
      sentence:
        'a registered key without `use`, which Keycloak passes over: the remedy is to set it',
      async run() {
        await realm.authenticateBy('client-jwt', registerKeys({ ...registered, use: undefined }))
        await refuses(byKey, /with 'use' set to 'sig'/)
        await knowKey()
      },
    },
    {
      sentence: 'another key id than the registered one: the remedy names KEYCLOAK_CLIENT_KEY_ID',
      run: () =>
        refuses(
          { ...byKey, KEYCLOAK_CLIENT_KEY_ID: 'k2' },
          /with the same key id \(KEYCLOAK_CLIENT_KEY_ID\)/,
        ),
    },
    {
      sentence: 'a client that Keycloak does not know: the remedy names KEYCLOAK_CLIENT_ID',
      run: () =>
        refuses(
          { ...byKey, KEYCLOAK_CLIENT_ID: 'nobody' },
          /does not know client 'nobody'.*KEYCLOAK_CLIENT_ID/,
        ),
    },
    {
      sentence: 'a client that has a secret: the remedy names its authenticator',
      async run() {
        await realm.authenticateBy('client-secret')
        await refuses(byKey, /wants no signed assertion.*'Signed JWT'.*KEYCLOAK_AUTH_METHOD/)
      },
    },
    {
      sentence: 'a secret for a client that signs: the remedy names KEYCLOAK_AUTH_METHOD',
      async run() {
        await knowKey()
        const secret = { KEYCLOAK_CLIENT_SECRET: keycloak.clientSecret }
        await refuses(secret, /refuses how client .*KEYCLOAK_AUTH_METHOD/)
      },
    },
    {
      sentence:
        'once the key is registered, exchanges work and readiness is well, without a restart',
      run: () =>
        within(async (t) => {
          await realm.authenticateBy('client-jwt', registerKeys(createTestKey('ec').publicJwk))
          const house = await startHouse(t, keycloak, realm, byKey)
          await assertRefused(house, REGISTER)
          await knowKey()
          // Our own misconfiguration is remembered for 10 s.
          const deadline = Date.now() + 30_000
          while ((await house.call()) !== GRANTED) assert.ok(Date.now() < deadline)
          assert.match(await house.readiness(), /"status":"ok"/)
        }),
    },
  ]
}
