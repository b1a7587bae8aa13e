import t from 'tap'
import type { ClientFault } from '../../../src/token-exchange/client-fault.ts'
import { describeFault, faultReach } from '../../../src/token-exchange/client-fault.ts'

const CONTEXT = {
  clientId: 'app',
  method: 'client_secret_basic',
  issuer: 'https://kc/realms/r',
  scopes: ['x', 'y'],
  audience: ['a'],
} as const

t.test('each fault has a remedy in words, and reaches as far as it must', async (t) => {
  const table: [fault: ClientFault, remedy: RegExp, reach: string][] = [
    ['client-secret', /'app'.*KEYCLOAK_CLIENT_SECRET_FILE/, 'client'],
    ['client-unknown', /'app'.*KEYCLOAK_CLIENT_ID/, 'client'],
    ['client-authentication', /'app'.*KEYCLOAK_AUTH_METHOD/, 'client'],
    ['exchange-not-enabled', /'app'.*standard\.token\.exchange\.enabled/, 'client'],
    ['exchange-not-supported', /'app'.*26\.2/, 'client'],
    ['audience-unknown', /'a'.*KEYCLOAK_AUDIENCE/, 'audience'],
    ['scope-not-attached', /'x', 'y'.*'app'.*attach/, 'scopes'],
    ['realm-not-found', /https:\/\/kc\/realms\/r.*KEYCLOAK_REALM/, 'client'],
    ['realm-disabled', /https:\/\/kc\/realms\/r.*enable the realm/, 'client'],
  ]
  for (const [fault, remedy, reach] of table) {
    t.match(describeFault(fault, CONTEXT), remedy)
    t.equal(faultReach(fault), reach)
  }
})
