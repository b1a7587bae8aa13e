import type { Catalogue } from './entry.ts'

export const CLIENT_FINDINGS = {
  'client-accepted': {
    verdict: 'ok',
    sentence: "Keycloak accepts client '{client}' by {method}, and lets it exchange tokens.",
  },
  'client-untested': {
    verdict: 'untested',
    sentence: 'The client was not tested: {reason}.',
    remedy: 'Correct that first, and ask again.',
  },
  'client-secret-wrong': {
    verdict: 'wrong',
    sentence: "Keycloak refuses the secret of client '{client}'.",
    remedy:
      "Put the client's current secret into KEYCLOAK_CLIENT_SECRET, or into the file of KEYCLOAK_CLIENT_SECRET_FILE.",
  },
  'client-unknown': {
    verdict: 'wrong',
    sentence:
      "Keycloak does not know client '{client}' in this realm, or it is disabled, or it does not authenticate by {method}.",
    remedy:
      "Check KEYCLOAK_CLIENT_ID and KEYCLOAK_REALM, that the client is enabled, and that KEYCLOAK_AUTH_METHOD is the method of its 'Client Authenticator'.",
  },
  'client-wants-assertion': {
    verdict: 'wrong',
    sentence: "Client '{client}' authenticates by a signed JWT, not by a secret.",
    remedy:
      "Set KEYCLOAK_AUTH_METHOD to private_key_jwt and name its key in KEYCLOAK_CLIENT_KEY_FILE; or set its 'Client Authenticator' to 'Client Id and Secret'.",
  },
  'client-wants-secret': {
    verdict: 'wrong',
    sentence: "Client '{client}' authenticates by a secret, not by {method}.",
    remedy:
      "Set KEYCLOAK_AUTH_METHOD to client_secret_basic and give the secret; or set the client's 'Client Authenticator' to the signed JWT that is meant.",
  },
  'client-assertion-missing': {
    verdict: 'wrong',
    sentence: "There is no token to authenticate client '{client}' with.",
    remedy:
      'Mount a service account token whose audience is {issuer}, and name its file in KEYCLOAK_CLIENT_ASSERTION_FILE.',
  },
  'client-assertion-unreadable': {
    verdict: 'wrong',
    sentence:
      "The token to authenticate client '{client}' with cannot be used: KEYCLOAK_CLIENT_ASSERTION_FILE {reason}.",
    remedy: 'Mount a service account token there whose audience is {issuer}.',
  },
  'federated-assertion-refused': {
    verdict: 'wrong',
    sentence:
      "Keycloak refuses the federated token of client '{client}' ({description}): {claims}.",
    remedy:
      'Its audience must be {issuer} alone, it must be no older than the identity provider allows (3600 s), and the clocks of Keycloak and of its issuer must agree.',
  },
  'client-assertion-refused': {
    verdict: 'wrong',
    sentence: "Keycloak refuses the assertion of client '{client}' ({description}).",
    remedy:
      'Register the public key that belongs to the private one, under the same key id and algorithm. The audience of an assertion is the issuer, now {issuer}; and the clocks must agree.',
  },
  'client-authentication-refused': {
    verdict: 'wrong',
    sentence: "Keycloak refuses how client '{client}' authenticates ({description}).",
    remedy:
      "Make the client confidential ('Client authentication' on, not bearer-only), and KEYCLOAK_AUTH_METHOD the method of its 'Client Authenticator'.",
  },
  'client-public': {
    verdict: 'wrong',
    sentence: "Client '{client}' is public: Keycloak does not let it exchange tokens.",
    remedy:
      "Switch on the client's 'Client authentication' and give it a secret; users log in at another client, the login client.",
  },
  'exchange-switched-off': {
    verdict: 'wrong',
    sentence: "Token exchange is switched off for client '{client}'.",
    remedy:
      "Switch on 'Standard token exchange' in the client's capabilities (attribute standard.token.exchange.enabled).",
  },
  'client-answer-unexpected': {
    verdict: 'wrong',
    sentence: "Keycloak answers client '{client}' with what nobody expects: {answer}.",
    remedy: "Look into Keycloak's events and log, and at the client policies of the realm.",
  },
  'service-account-off': {
    verdict: 'untested',
    sentence:
      "Scopes, audience and clocks were not tested: client '{client}' has no service account to test them with.",
    remedy:
      "Give a user's token (--token-file) or a user (--login), or switch on 'Service account roles' at the client.",
  },
  'scopes-attached': {
    verdict: 'ok',
    sentence: "Client '{client}' may ask for every scope that the policy names: {scopes}.",
  },
  'scope-not-attached': {
    verdict: 'wrong',
    sentence:
      "Scope '{scope}' is not attached to client '{client}': Keycloak refuses every set that holds it.",
    remedy: 'Attach the scope to the client as an optional client scope.',
  },
  'scopes-too-many': {
    verdict: 'note',
    sentence: 'The policy names {count} scopes; only the first {tested} were tested.',
    remedy: 'Ask with a policy that names the others.',
  },
  'audience-available': {
    verdict: 'ok',
    sentence: "Tokens that client '{client}' is issued can have the audience {audience}.",
  },
  'audience-unknown': {
    verdict: 'wrong',
    sentence: "The realm has no client for the audience '{audience}'.",
    remedy:
      "Correct KEYCLOAK_AUDIENCE or the route's audience, or create that client: an audience is the client id of one.",
  },
  'audience-not-available': {
    verdict: 'wrong',
    sentence: "Tokens that client '{client}' is issued do not have the audience '{audience}'.",
    remedy:
      "Give client '{client}', or a client scope that is asked for, an audience mapper for '{audience}': an exchange builds `aud` from the requester client's own scopes.",
  },
  'audience-untested': {
    verdict: 'untested',
    sentence: "Whether client '{client}' can be issued the audience {audience} was not tested.",
    remedy: 'Correct what the other lines call wrong, and ask again.',
  },
  'audiences-too-many': {
    verdict: 'note',
    sentence: 'The settings name {count} audiences; only the first {tested} were tested.',
    remedy: 'Ask with a policy that names the others.',
  },
  'consent-missing': {
    verdict: 'wrong',
    sentence: "Client '{client}' wants a consent that nobody can give in an exchange.",
    remedy: "Switch off 'Consent required' at the client.",
  },
  'issued-token-without-sub': {
    verdict: 'wrong',
    sentence: "The token that client '{client}' is issued has no 'sub', or not the caller's.",
    remedy: "Attach the client scope 'basic' to the client as a default one.",
  },
  'issued-token-invalid': {
    verdict: 'wrong',
    sentence:
      "The token that client '{client}' is issued would not be used: its '{claim}' is not as it must be.",
    remedy:
      "Make KEYCLOAK_ISSUER and Keycloak's hostname agree, and the clocks; see the other lines.",
  },
  'denied-scope-by-default': {
    verdict: 'wrong',
    sentence:
      "Client '{client}' is issued a scope of DENIED_SCOPES that nobody asked for ({scopes}), so that no issued token is used.",
    remedy:
      "Take it from the client's default scopes, and from its roles with 'Full scope allowed'.",
  },
} as const satisfies Catalogue
