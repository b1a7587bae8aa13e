import type { KeycloakConfig } from '../config/config.ts'
import type { ScopeRules } from '../policy/route-policy.ts'
import type { ClientAuthentication } from '../token-exchange/client-authentication.ts'
import type { Ask } from './ask.ts'
import { checkCaller } from './check-caller.ts'
import type { ClientFacts } from './check-client.ts'
import { checkClient } from './check-client.ts'
import type { Realm } from './check-realm.ts'
import { checkRealm } from './check-realm.ts'
import type { CheckSubjectOptions } from './check-subject.ts'
import { checkSubject } from './check-subject.ts'
import { finding, listNames } from './finding.ts'
import type { Sample } from './obtain-sample.ts'
import { readAssertion } from './read-assertion.ts'
import type { AddFinding } from './report.ts'
import { obtainServiceAccount } from './service-account.ts'
import { createTokenEndpoint } from './token-endpoint.ts'

export interface CheckKeycloakOptions {
  readonly config: KeycloakConfig
  /** Why our client cannot be tested; `undefined`: it can. */
  readonly clientObstacle: string | undefined
  /** Those of the policy that may be asked for. */
  readonly scopes: readonly string[]
  readonly scopeRules: ScopeRules
  readonly audiences: readonly string[]
  readonly authentication: ClientAuthentication
  readonly ask: Ask
  readonly sample: Sample | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly add: AddFinding
}

const MAX_SCOPES = 100

/** The realm, our client in it, and what a caller gets by a step-up: each supposes what comes before it. */
export async function checkKeycloak(options: CheckKeycloakOptions): Promise<void> {
  const { config, ask, add, authentication, now, sample } = options
  const assertion = await readAssertion(config.authentication, config.issuer)
  const facts = { ...factsOf(config), assertion }
  const { hasCertificate } = facts
  const realm = await checkRealm({ ...config, hasCertificate, ask, add })
  if (realm === undefined)
    return add(finding('client-untested', { reason: 'its realm cannot be asked' }))
  const scopes = limitScopes(options)
  const tokenEndpoint = createTokenEndpoint({ url: config.tokenEndpoint, ask, authentication, now })
  const visit = { ...options, scopes, realm, facts, tokenEndpoint }
  const isClientGood = await isClientAccepted(visit)
  const test = isClientGood ? await testWithServiceAccount(visit) : 'faulty'
  if (sample === undefined) return add(finding('token-absent', {}))
  const isClientTested = test === 'tested'
  const isExchanged = await checkCaller({ ...visit, sample, isClientGood, isClientTested })
  if (test === 'untested' && !isExchanged && options.audiences.length > 0) {
    const audience = listNames(options.audiences)
    add(finding('audience-untested', { client: facts.client, audience }))
  }
}

interface Visit extends Omit<CheckSubjectOptions, 'subject' | 'isClientTested'> {
  readonly clientObstacle: string | undefined
  readonly sample: Sample | undefined
}

async function isClientAccepted({ facts, tokenEndpoint, add, ...visit }: Visit): Promise<boolean> {
  const { clientObstacle } = visit
  const isGood =
    clientObstacle === undefined && (await checkClient({ ...facts, tokenEndpoint, add }))
  if (clientObstacle !== undefined) add(finding('client-untested', { reason: clientObstacle }))
  if (!isGood) reportMissingInRealm(visit.scopes, visit.realm, add)
  return isGood
}

/** What the service account shows of scopes, audiences and clocks; of what is faulty something is in the report. */
type ServiceAccountTest = 'tested' | 'untested' | 'faulty'

async function testWithServiceAccount(visit: Visit): Promise<ServiceAccountTest> {
  const { tokenEndpoint, facts, add, sample } = visit
  const account = await obtainServiceAccount(tokenEndpoint, facts, add)
  // A public client is let through as far as here.
  if (account.kind !== 'wrong') {
    add(finding('client-accepted', { client: facts.client, method: facts.method }))
  }
  if (account.kind === 'token') {
    const { subject } = account
    const probe = await checkSubject({ ...visit, subject, isClientTested: false })
    return probe === undefined ? 'faulty' : 'tested'
  }
  // A caller's token shows the same.
  if (account.kind === 'off' && sample === undefined) {
    add(finding('service-account-off', { client: facts.client }))
    reportMissingInRealm(visit.scopes, visit.realm, add)
  }
  return account.kind === 'wrong' ? 'faulty' : 'untested'
}

/** What the realm lists, where nobody can ask for the scopes themselves. */
function reportMissingInRealm(scopes: readonly string[], realm: Realm, add: AddFinding): void {
  for (const scope of scopes) {
    if (realm.scopes?.has(scope) === false) add(finding('scope-not-in-realm', { scope }))
  }
}

function limitScopes({ scopes, add }: CheckKeycloakOptions): readonly string[] {
  if (scopes.length > MAX_SCOPES) {
    add(finding('scopes-too-many', { count: String(scopes.length), tested: String(MAX_SCOPES) }))
  }
  return scopes.slice(0, MAX_SCOPES)
}

function factsOf(config: KeycloakConfig): Omit<ClientFacts, 'assertion'> {
  return {
    client: config.clientId,
    method: config.authentication.method,
    issuer: config.issuer,
    realmUrl: config.discoveryUrl.href.replace(/\/\.well-known\/.*$/, ''),
    origin: config.discoveryUrl.origin,
    hasCertificate: config.tls.identity !== undefined,
  }
}
