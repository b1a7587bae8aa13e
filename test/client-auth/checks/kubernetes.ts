import assert from 'node:assert/strict'
import type { Check } from '../../e2e/check.ts'
import { assertRefused, GRANTED } from '../house.ts'
import type { KeycloakContainer } from '../keycloak-container.ts'
import type { Kubernetes } from '../kubernetes.ts'
import type { Realm } from '../realm.ts'
import { withAssertion } from './federated.ts'

const ALIAS = 'kubernetes'
const ACCOUNT = 'scopelift'

/** What a real API server signs, at the real Keycloak. Without one the sentences say what was not run. */
export function kubernetesChecks(
  keycloak: KeycloakContainer,
  realm: Realm,
  kubernetes: () => Kubernetes,
): readonly Check[] {
  return [
    {
      sentence: 'a token that the Kubernetes API server has issued for the realm is exchanged with',
      async run() {
        await kubernetes().createServiceAccount(ACCOUNT)
        await realm.trustKubernetes(ALIAS, kubernetes().issuer)
        await realm.authenticateBy('federated-jwt', {
          'jwt.credential.issuer': ALIAS,
          'jwt.credential.sub': `system:serviceaccount:default:${ACCOUNT}`,
        })
        const token = await kubernetes().createToken(ACCOUNT, realm.issuer)
        await withAssertion(keycloak, realm, token, async (house) => {
          assert.equal(await house.call(), GRANTED)
          assert.equal(await house.call(), GRANTED)
        })
      },
    },
    {
      sentence: 'the token that a pod has by default is refused: its audience is the API server',
      async run() {
        const token = await kubernetes().createToken(ACCOUNT)
        await withAssertion(keycloak, realm, token, (house) =>
          assertRefused(house, /its audience must be/),
        )
      },
    },
    {
      sentence: 'a token of another service account is refused, and the remedy names `sub`',
      async run() {
        const token = await kubernetes().createToken('probe', realm.issuer)
        await withAssertion(keycloak, realm, token, (house) =>
          assertRefused(house, /jwt\.credential\.sub/),
        )
      },
    },
  ]
}
