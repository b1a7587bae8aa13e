import t from 'tap'
import type { CredentialFault } from '../../../src/token-exchange/credential-fault.ts'
import {
  describeCredentialFault,
  isCredentialFault,
} from '../../../src/token-exchange/credential-fault.ts'

const CONTEXT = { clientId: 'app', issuer: 'https://kc/realms/r' }

t.test('each method has the remedy for each way in which it is refused', async (t) => {
  const table: [fault: CredentialFault, secret: RegExp, privateKey: RegExp, federated: RegExp][] = [
    [
      'client-secret',
      /KEYCLOAK_CLIENT_SECRET_FILE/,
      /authenticator.*KEYCLOAK_AUTH_METHOD/,
      /jwt\.credential\.issuer/,
    ],
    [
      'client-unknown',
      /KEYCLOAK_CLIENT_ID/,
      /KEYCLOAK_CLIENT_ID.*KEYCLOAK_REALM/,
      /jwt\.credential\.sub.*key set/,
    ],
    [
      'client-authentication',
      /KEYCLOAK_AUTH_METHOD/,
      /KEYCLOAK_CLIENT_KEY_ID.*KEYCLOAK_ISSUER.*clocks/,
      /audience must be https:\/\/kc\/realms\/r alone.*3600 s.*clocks/,
    ],
    [
      'assertion-file',
      /KEYCLOAK_AUTH_METHOD/,
      /KEYCLOAK_CLIENT_KEY/,
      /audience is https:\/\/kc\/realms\/r.*KEYCLOAK_CLIENT_ASSERTION_FILE/,
    ],
  ]
  for (const [fault, secret, privateKey, federated] of table) {
    for (const [method, remedy] of [
      ['client_secret_basic', secret],
      ['client_secret_post', secret],
      ['private_key_jwt', privateKey],
      ['federated_jwt', federated],
    ] as const) {
      const sentence = describeCredentialFault(fault, { ...CONTEXT, method })
      t.match(sentence, remedy, `${method} ${fault}`)
      t.match(sentence, /'app'/)
    }
    t.ok(isCredentialFault(fault))
  }
  t.notOk(isCredentialFault('exchange-not-enabled'))
})
