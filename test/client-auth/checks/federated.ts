import assert from 'node:assert/strict'
import type { Check } from '../../e2e/check.ts'
import { waitUntil } from '../../e2e/wait-until.ts'
import type { TestFolder } from '../../support/files.ts'
import { createFolder } from '../../support/files.ts'
import type { House } from '../house.ts'
import { assertAllGranted, assertRefused, GRANTED, startHouse } from '../house.ts'
import type { KeycloakContainer } from '../keycloak-container.ts'
import type { Realm } from '../realm.ts'
import type { SimulatedIssuer } from '../simulated-issuer.ts'
import { SERVICE_ACCOUNT } from '../simulated-issuer.ts'
import { within } from '../teardown.ts'

const ALIAS = 'simulated'

/** A house whose client authenticates by the token in a file; `undefined`: there is no file. */
export function withAssertion(
  keycloak: KeycloakContainer,
  realm: Realm,
  token: string | undefined,
  work: (house: House, folder: TestFolder) => Promise<void>,
): Promise<void> {
  return within(async (t) => {
    const folder = createFolder(t)
    if (token !== undefined) folder.swap({ token })
    const house = await startHouse(t, keycloak, realm, {
      KEYCLOAK_AUTH_METHOD: 'federated_jwt',
      KEYCLOAK_CLIENT_ASSERTION_FILE: folder.path('token'),
    })
    await work(house, folder)
  })
}

/** A token that an issuer of ours has signed for a service account, as a cluster does. */
export function federatedChecks(
  keycloak: KeycloakContainer,
  realm: Realm,
  cluster: SimulatedIssuer,
): readonly Check[] {
  const refuses = (token: string, remedy: RegExp) =>
    withAssertion(keycloak, realm, token, (house) => assertRefused(house, remedy))
  return [
    {
      sentence: 'the token in the file is exchanged with, again and again',
      async run() {
        await realm.trustKubernetes(ALIAS, cluster.issuer)
        await realm.authenticateBy('federated-jwt', {
          'jwt.credential.issuer': ALIAS,
          'jwt.credential.sub': SERVICE_ACCOUNT,
        })
        await withAssertion(keycloak, realm, `${await cluster.sign()}\n`, async (house) => {
          assert.equal(await house.call(), GRANTED)
          assert.equal(await house.call(), GRANTED)
          assert.match(await house.readiness(), /"status":"ok"/)
        })
      },
    },
    {
      sentence:
        'the token is rotated while callers call, and no request fails when the old one expires',
      async run() {
        const expiresAt = Math.floor(Date.now() / 1000) + 10
        const first = await cluster.sign({ exp: expiresAt })
        await withAssertion(keycloak, realm, first, async (house, folder) => {
          const answers = await house.whileCalling(async () => {
            folder.swap({ token: await cluster.sign() })
            const isExpired = async () => Date.now() / 1000 > expiresAt + 1
            await waitUntil('the old token expires', 30_000, isExpired)
          })
          assertAllGranted(answers)
        })
      },
    },
    {
      sentence:
        'a missing file: the denial as it was, the remedy in words, and healed when it is there',
      run: () =>
        withAssertion(keycloak, realm, undefined, async (house, folder) => {
          await assertRefused(house, /KEYCLOAK_CLIENT_ASSERTION_FILE: cannot be read \(ENOENT\)/)
          folder.swap({ token: await cluster.sign() })
          const isGranted = async () => (await house.call()) === GRANTED
          await waitUntil('a call with the token', 30_000, isGranted)
          assert.match(await house.readiness(), /"status":"ok"/)
        }),
    },
    {
      sentence: 'another audience: the remedy names the one that it must have',
      async run() {
        const remedy = new RegExp(`its audience must be ${realm.issuer} alone`)
        await refuses(await cluster.sign({ aud: ['https://kubernetes.default.svc'] }), remedy)
        await refuses(await cluster.sign({ aud: [realm.issuer, 'other'] }), remedy)
      },
    },
    {
      sentence:
        'a token that has expired, or is older than an hour: the remedy names age and clocks',
      async run() {
        const now = Math.floor(Date.now() / 1000)
        const remedy = /no older than the identity provider allows \(3600 s\).*clocks/
        await refuses(await cluster.sign({ iat: now - 60, nbf: now - 60, exp: now - 5 }), remedy)
        await refuses(await cluster.sign({ iat: now - 4000, nbf: now - 4000 }), remedy)
      },
    },
    {
      sentence:
        'another service account, or another signature: the remedy names client and provider',
      async run() {
        const remedy = /finds no client for the token.*jwt\.credential\.sub.*key set/
        const sub = 'system:serviceaccount:scopelift:other'
        await refuses(await cluster.sign({ sub }), remedy)
        await refuses(await cluster.forge(), remedy)
      },
    },
  ]
}
