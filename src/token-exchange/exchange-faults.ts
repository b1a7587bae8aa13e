import type { Problems } from '../observability/problems.ts'
import type { ExchangeRequest } from '../step-up/issued-tokens.ts'
import type { ClientAuthenticationMethod } from './authentication-method.ts'
import type { ClientFault } from './client-fault.ts'
import { describeFault, faultReach } from './client-fault.ts'
import type { Conclusion, Defect, TokenDefect } from './conclusion.ts'
import { isCredentialFault } from './credential-fault.ts'
import type { ExchangeLog } from './exchange-log.ts'
import { createFaultReporter } from './fault-reporter.ts'

export interface ExchangeFaults {
  /** Reports what an operator must see to, and takes back what this exchange has shown to be well. */
  note(request: ExchangeRequest, conclusion: Conclusion): void
  /** There is a new secret, key or assertion: what was wrong with the one before is no problem any more. */
  forgetCredentials(): void
}

export interface ExchangeFaultsOptions {
  readonly clientId: string
  readonly authMethod: ClientAuthenticationMethod
  readonly issuer: string
  readonly log: ExchangeLog
  readonly problems: Problems
}

const CLIENT = 'keycloak-client'
const CREDENTIALS = 'keycloak-client-credentials'
const ISSUED_TOKEN = 'keycloak-issued-token'

/** Faults of our client and of the tokens that Keycloak issues, each in words that name the remedy. */
export function createExchangeFaults(options: ExchangeFaultsOptions): ExchangeFaults {
  const { clientId, authMethod: method, issuer } = options
  const reporter = createFaultReporter(options.log, options.problems)

  const raise = (defect: Defect, request: ExchangeRequest) => {
    if (defect.kind === 'issued-token') {
      const sentence = describeInvalidToken(defect.claim, options)
      reporter.raise(ISSUED_TOKEN, `issued-token-${defect.claim}`, sentence)
      return
    }
    const { scopes, audience } = request
    const sentence = describeFault(defect.fault, { clientId, method, issuer, scopes, audience })
    reporter.raise(problemId(defect.fault, request), defect.fault, sentence)
  }

  return {
    note(request, conclusion) {
      if (conclusion.kind === 'refused' && conclusion.defect !== undefined) {
        raise(conclusion.defect, request)
      }
      if (!provesClient(conclusion)) return
      reporter.clear(CLIENT)
      reporter.clear(CREDENTIALS)
      reporter.clear(problemId('scope-not-attached', request))
      reporter.clear(problemId('audience-unknown', request))
      if (conclusion.kind === 'issued') reporter.clear(ISSUED_TOKEN)
    },
    forgetCredentials: () => reporter.forget(CREDENTIALS),
  }
}

/** Whether Keycloak has issued a token, be it one that lacks what the user is not entitled to. */
function provesClient(conclusion: Conclusion): boolean {
  if (conclusion.kind === 'issued') return true
  return conclusion.kind === 'refused' && conclusion.refusal.outcome === 'scope-not-granted'
}

function problemId(fault: ClientFault, { scopes, audience }: ExchangeRequest): string {
  switch (faultReach(fault)) {
    case 'client':
      return isCredentialFault(fault) ? CREDENTIALS : CLIENT
    case 'scopes':
      return `${CLIENT} scopes ${scopes.join(' ')}`
    case 'audience':
      return `${CLIENT} audience ${JSON.stringify(audience)}`
  }
}

function describeInvalidToken(
  claim: TokenDefect,
  { clientId, issuer }: ExchangeFaultsOptions,
): string {
  const start = 'The token that Keycloak issued was not accepted:'
  switch (claim) {
    case 'iss':
      return `${start} its issuer is not ${issuer}; make KEYCLOAK_ISSUER and Keycloak's hostname agree.`
    case 'sub':
      return `${start} it has no 'sub', or another than the caller's; attach the client scope 'basic' to client '${clientId}'.`
    case 'exp':
    case 'nbf':
      return `${start} by our clock it is not valid now; make the clocks of Keycloak and of this machine agree.`
    case 'aud':
      return `${start} a requested audience is missing in its 'aud'; give client '${clientId}' an audience mapper for it.`
    case 'denied-extra-scope':
      return `${start} it holds a scope of DENIED_SCOPES that nobody asked for; take that scope from client '${clientId}', its default scopes and, with fullScopeAllowed, its roles.`
    case 'new-audience':
      return `${start} its 'aud' names an audience that was not asked for and that the caller's token has not; set KEYCLOAK_AUDIENCE, and use Keycloak 26.2 or newer, which leaves in 'aud' only what was asked for.`
    case 'signature':
      return `${start} no key of the realm fits its signature; check that KEYCLOAK_SERVER_URL and KEYCLOAK_REALM lead to the Keycloak that issues the tokens.`
  }
}
