import type { Catalogue } from './entry.ts'

export const TOKEN_FINDINGS = {
  'token-usable': {
    verdict: 'ok',
    sentence:
      "The token can be exchanged: of '{subject}', from client '{azp}', for {audience}, {seconds} s left; it holds {scopes}.",
  },
  'token-absent': {
    verdict: 'untested',
    sentence: "No user's token was tested: who gets which scope is not known.",
    remedy: 'Give one (--token-file), or a user who logs in (--login).',
  },
  'token-not-jwt': {
    verdict: 'wrong',
    sentence: 'The token is no JWT, so it cannot be exchanged.',
    remedy:
      "Give an access token of this realm, without 'Bearer'; lightweight or opaque tokens of others cannot be read.",
  },
  'token-not-access': {
    verdict: 'wrong',
    sentence: "The token is no access token: its 'typ' is '{type}'.",
    remedy: 'Give the `access_token` of the answer, not its `id_token` or `refresh_token`.',
  },
  'token-foreign-issuer': {
    verdict: 'wrong',
    sentence: "The token is of issuer '{found}', but KEYCLOAK_ISSUER is '{wanted}'.",
    remedy:
      "Set KEYCLOAK_ISSUER to the token's, if that is this realm under another host name; else log in at this realm. KC_HOSTNAME keeps the issuer one and the same.",
  },
  'token-expired': {
    verdict: 'wrong',
    sentence: 'The token has expired, {seconds} s ago.',
    remedy: 'Give a fresh one; if it is fresh, make the clocks agree.',
  },
  'token-without-expiry': {
    verdict: 'wrong',
    sentence: "The token has no 'exp', so it is never exchanged.",
    remedy: 'Give an access token as Keycloak issues it.',
  },
  'token-without-sub': {
    verdict: 'wrong',
    sentence: "The token has no 'sub', so it is never exchanged.",
    remedy: "Attach the client scope 'basic' to client '{azp}' as a default one.",
  },
  'token-sender-constrained': {
    verdict: 'wrong',
    sentence:
      "The token is bound to a key ('cnf', as with DPoP or mTLS): Keycloak does not exchange such tokens.",
    remedy: "Switch off the sender constraint at client '{azp}' for callers that need a step-up.",
  },
  'token-too-long': {
    verdict: 'wrong',
    sentence:
      'The token has {characters} characters; Keycloak exchanges none with more than 20000.',
    remedy:
      "Take roles and groups out of it: switch off 'Full scope allowed' at client '{azp}', or narrow its mappers.",
  },
  'token-not-for-client': {
    verdict: 'wrong',
    sentence:
      "The token does not name client '{client}' in its 'aud', so Keycloak does not exchange it.",
    remedy:
      "Give the login client, '{azp}', or one of its client scopes, an audience mapper for '{client}'.",
  },
  'token-refused': {
    verdict: 'wrong',
    sentence:
      'Keycloak takes the token for dead: not signed by this realm, revoked, logged out, or its user or key disabled.',
    remedy:
      'Give a fresh token. If that is refused too, see whether KEYCLOAK_SERVER_URL leads to the Keycloak that has issued it, and whether the user is enabled.',
  },
  'login-is-requester': {
    verdict: 'note',
    sentence:
      "The token was issued to '{client}', the requester client itself: an exchange overwrites the scope of that session.",
    remedy: 'Have users log in at a client of its own, the login client.',
  },
  'held-scopes-lost': {
    verdict: 'note',
    sentence:
      "The caller holds scopes that are not attached to client '{client}' ({scopes}): an issued token lacks them.",
    remedy:
      'Attach them as optional client scopes, if a route wants them beside the one that it was stepped up for.',
  },
  'held-scopes-too-many': {
    verdict: 'note',
    sentence: 'The caller holds {count} scopes; only the first {tested} were tested.',
    remedy: 'Give a token that holds fewer.',
  },
  'step-up-granted': {
    verdict: 'ok',
    sentence: 'A step-up gives this caller {scopes}.',
  },
  'token-exchanged': {
    verdict: 'ok',
    sentence: 'Keycloak exchanges this token; the policy names no scope to ask for.',
  },
  'scope-not-granted': {
    verdict: 'note',
    sentence: "Keycloak does not give this caller scope '{scope}'.",
    remedy:
      "Give the user a role of the scope's ('Scope' tab of the client scope), if the user shall have it; and switch on the scope's 'Include in token scope'.",
  },
  'login-failed': {
    verdict: 'wrong',
    sentence: "User '{user}' cannot log in at client '{client}' ({answer}).",
    remedy: 'Check user and password; the user must be enabled and have no required action left.',
  },
  'login-client-unknown': {
    verdict: 'wrong',
    sentence: "Keycloak does not know the public login client '{client}'.",
    remedy:
      'Name it with --login-client; it must be enabled and public. A token of another kind of client comes by --token-file.',
  },
  'direct-grants-off': {
    verdict: 'wrong',
    sentence: "Login client '{client}' does not take a password ('Direct access grants' is off).",
    remedy: 'Log in as users do, and give the token with --token-file.',
  },
} as const satisfies Catalogue
