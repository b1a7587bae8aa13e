import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import type { Check } from '../../e2e/check.ts'
import { createAuthority, issueCertificate } from '../../support/certificates.ts'
import { createTestKey } from '../../support/client-keys.ts'
import { createFolder } from '../../support/files.ts'
import { assertAllGranted, GRANTED, startHouse } from '../house.ts'
import type { KeycloakContainer } from '../keycloak-container.ts'
import type { Realm } from '../realm.ts'
import { registerKeys } from '../realm.ts'
import { within } from '../teardown.ts'

export const BY_KEY = { KEYCLOAK_AUTH_METHOD: 'private_key_jwt' }

/** The client's own signature, by each algorithm and each form in which a key comes. */
export function privateKeyChecks(keycloak: KeycloakContainer, realm: Realm): readonly Check[] {
  const [rsa, ec, ed] = [createTestKey('rsa'), createTestKey('ec'), createTestKey('ed25519')]
  const grants = async (
    registered: Readonly<Record<string, unknown>>,
    env: Readonly<Record<string, string>>,
  ) => {
    await realm.authenticateBy('client-jwt', registerKeys(registered))
    await within(async (t) => {
      const house = await startHouse(t, keycloak, realm, { ...BY_KEY, ...env })
      assert.equal(await house.call(), GRANTED)
    })
  }
  return [
    {
      sentence: 'RS256 with a PEM key and no key id is exchanged',
      run: () => grants(rsa.publicJwk, { KEYCLOAK_CLIENT_KEY: rsa.pem }),
    },
    {
      sentence: 'PS256 with a PEM key, its key id and algorithm from the settings, is exchanged',
      run: () =>
        grants(
          { ...rsa.publicJwk, kid: 'k1', alg: 'PS256' },
          {
            KEYCLOAK_CLIENT_KEY: rsa.pem,
            KEYCLOAK_CLIENT_KEY_ID: 'k1',
            KEYCLOAK_CLIENT_KEY_ALG: 'PS256',
          },
        ),
    },
    {
      sentence: 'ES256 with a JWK that holds its key id is exchanged',
      run: () =>
        grants(
          { ...ec.publicJwk, kid: 'k2', alg: 'ES256' },
          { KEYCLOAK_CLIENT_KEY: JSON.stringify({ ...ec.jwk, kid: 'k2', alg: 'ES256' }) },
        ),
    },
    {
      sentence: 'EdDSA with a PEM key is exchanged',
      run: () => grants({ ...ed.publicJwk, alg: 'EdDSA' }, { KEYCLOAK_CLIENT_KEY: ed.pem }),
    },
    {
      sentence: 'a key that Keycloak knows by its certificate is used without a key id',
      async run() {
        const { key, cert } = await issueCertificate(await createAuthority(), 'client')
        await realm.authenticateBy('client-jwt', {
          'use.jwks.string': 'false',
          'jwks.string': '',
          'jwt.credential.certificate': new X509Certificate(cert).raw.toString('base64'),
          'token.endpoint.auth.signing.alg': 'ES256',
        })
        await within(async (t) => {
          const env = { ...BY_KEY, KEYCLOAK_CLIENT_KEY: key }
          const house = await startHouse(t, keycloak, realm, env)
          assert.equal(await house.call(), GRANTED)
        })
        const none = { 'jwt.credential.certificate': '', 'token.endpoint.auth.signing.alg': '' }
        await realm.authenticateBy('client-jwt', none)
      },
    },
    {
      sentence: "Keycloak's event names the request whose exchange it was",
      async run() {
        await realm.keepEvents()
        await realm.authenticateBy('client-jwt', registerKeys(ec.publicJwk))
        await within(async (t) => {
          const env = { ...BY_KEY, KEYCLOAK_CLIENT_KEY: ec.pem }
          const house = await startHouse(t, keycloak, realm, env)
          assert.equal(await house.call(), GRANTED)
          const id = String(house.scopelift.audit.at(-1)?.['requestId'])
          assert.match(await realm.readEvents(), new RegExp(`"client_assertion_id":"${id}\\.`))
        })
      },
    },
    keyRotation(keycloak, realm),
  ]
}

function keyRotation(keycloak: KeycloakContainer, realm: Realm): Check {
  return {
    sentence:
      'the key is rotated while callers call, without a restart and without a failed request',
    run: () =>
      within(async (t) => {
        const [one, two] = [createTestKey('ec'), createTestKey('rsa')]
        const [oldKey, newKey] = [
          { ...one.publicJwk, kid: 'old' },
          { ...two.publicJwk, kid: 'new' },
        ]
        const folder = createFolder(t)
        folder.swap({ key: JSON.stringify({ ...one.jwk, kid: 'old' }) })
        await realm.authenticateBy('client-jwt', registerKeys(oldKey))
        const house = await startHouse(t, keycloak, realm, {
          ...BY_KEY,
          KEYCLOAK_CLIENT_KEY_FILE: folder.path('key'),
        })
        const answers = await house.whileCalling(async () => {
          await realm.authenticateBy('client-jwt', registerKeys(oldKey, newKey))
          folder.swap({ key: JSON.stringify({ ...two.jwk, kid: 'new' }) })
          // Without a wait: who is refused with the old one reads the new.
          await realm.authenticateBy('client-jwt', registerKeys(newKey))
        })
        assertAllGranted(answers)
        assert.match(await house.readiness(), /"status":"ok"/)
      }),
  }
}
