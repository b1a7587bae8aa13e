import assert from 'node:assert/strict'
import type { Check } from '../../e2e/check.ts'
import { waitUntil } from '../../e2e/wait-until.ts'
import { issueCertificate } from '../../support/certificates.ts'
import { createFolder } from '../../support/files.ts'
import { assertAllGranted, GRANTED, startHouse } from '../house.ts'
import type { KeycloakContainer } from '../keycloak-container.ts'
import type { Realm } from '../realm.ts'
import { within } from '../teardown.ts'

/** TLS to a Keycloak that wants a client certificate. */
export function mutualTlsChecks(keycloak: KeycloakContainer, realm: Realm): readonly Check[] {
  const byTls = {
    KEYCLOAK_SERVER_URL: keycloak.tlsUrl,
    KEYCLOAK_ISSUER: realm.issuer,
    KEYCLOAK_CLIENT_SECRET: keycloak.clientSecret,
  }
  return [
    {
      sentence:
        'the client certificate is shown, and rotated while callers call without a failed request',
      run: () =>
        within(async (t) => {
          await realm.authenticateBy('client-secret')
          const folder = createFolder(t)
          const use = async (name: string) => {
            const { cert, key } = await issueCertificate(keycloak.authority, name)
            folder.swap({ ca: keycloak.authority.cert, crt: cert, key })
          }
          await use('one')
          const house = await startHouse(t, keycloak, realm, {
            ...byTls,
            KEYCLOAK_CA_FILE: folder.path('ca'),
            KEYCLOAK_TLS_CERT_FILE: folder.path('crt'),
            KEYCLOAK_TLS_KEY_FILE: folder.path('key'),
          })
          assert.equal(await house.call(), GRANTED)
          const answers = await house.whileCalling(async () => {
            await use('two')
            await waitUntil('the new pair is read', 10_000, async () =>
              house.scopelift.output().includes('certificates for Keycloak were read anew'),
            )
          })
          assertAllGranted(answers)
        }),
    },
    {
      sentence: 'without a certificate Keycloak is out of reach, and readiness names the setting',
      run: () =>
        within(async (t) => {
          const folder = createFolder(t)
          folder.write({ ca: keycloak.authority.cert })
          const house = await startHouse(t, keycloak, realm, {
            ...byTls,
            READY_REQUIRES: 'keycloak',
            KEYCLOAK_CA_FILE: folder.path('ca'),
          })
          assert.equal(await house.call(), '503 exchange-unavailable')
          assert.match(await house.readiness(), /KEYCLOAK_TLS_CERT_FILE/)
        }),
    },
  ]
}
