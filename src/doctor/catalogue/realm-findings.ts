import type { Catalogue } from './entry.ts'

export const REALM_FINDINGS = {
  'realm-found': {
    verdict: 'ok',
    sentence:
      'Keycloak answers at {origin}: the realm names {issuer} as issuer, and offers token exchange.',
  },
  'keycloak-untested': {
    verdict: 'untested',
    sentence: 'Keycloak was not asked: {reason}.',
    remedy: 'Correct that first, and ask again.',
  },
  'keycloak-unreachable': {
    verdict: 'wrong',
    sentence: 'Keycloak does not answer at {origin} ({reason}).',
    remedy:
      'Check that it runs and that KEYCLOAK_SERVER_URL names a host and port that can be reached from here: in a container, `localhost` is the container.',
  },
  'keycloak-certificate-untrusted': {
    verdict: 'wrong',
    sentence: 'The certificate of Keycloak at {origin} is not trusted ({reason}).',
    remedy:
      'Name the file with the certificate of its authority (PEM) in KEYCLOAK_CA_FILE or CA_FILE.',
  },
  'keycloak-certificate-invalid': {
    verdict: 'wrong',
    sentence: 'The certificate of Keycloak at {origin} is not valid there ({reason}).',
    remedy:
      'Use the host name that stands in the certificate in KEYCLOAK_SERVER_URL, or renew the certificate.',
  },
  'keycloak-without-tls': {
    verdict: 'wrong',
    sentence: 'What listens at {origin} does not speak TLS.',
    remedy: 'Write http:// in KEYCLOAK_SERVER_URL, or use the port on which Keycloak speaks TLS.',
  },
  'keycloak-with-tls': {
    verdict: 'wrong',
    sentence: 'What listens at {origin} speaks TLS, and is called without.',
    remedy: 'Write https:// in KEYCLOAK_SERVER_URL.',
  },
  'keycloak-refuses-client-certificate': {
    verdict: 'wrong',
    sentence: 'Keycloak at {origin} refuses our client certificate ({reason}).',
    remedy:
      'Name in KEYCLOAK_TLS_CERT_FILE one that has not expired, is meant for clients, and comes with its chain from an authority that is trusted there.',
  },
  'keycloak-wants-client-certificate': {
    verdict: 'wrong',
    sentence:
      'Keycloak at {origin} does not take the connection without a client certificate that it trusts ({reason}).',
    remedy: 'Set KEYCLOAK_TLS_CERT_FILE and KEYCLOAK_TLS_KEY_FILE.',
  },
  'keycloak-starting': {
    verdict: 'wrong',
    sentence: 'Keycloak at {origin} is not ready: it answers {status}.',
    remedy: 'Wait until it has started, or look into its log; then ask again.',
  },
  'keycloak-wants-https': {
    verdict: 'wrong',
    sentence: 'The realm wants https, and is called by plain http at {origin}.',
    remedy:
      "Write https:// in KEYCLOAK_SERVER_URL; or set the realm's 'Require SSL' to 'External requests', or to 'None' on a network that you trust.",
  },
  'realm-not-found': {
    verdict: 'wrong',
    sentence: 'Keycloak has no realm at {url}.',
    remedy:
      'Check KEYCLOAK_REALM, and KEYCLOAK_SERVER_URL: with a relative path (`/auth`) it ends in that.',
  },
  'realm-disabled': {
    verdict: 'wrong',
    sentence: 'The realm at {url} is disabled.',
    remedy: 'Enable the realm.',
  },
  'not-keycloak': {
    verdict: 'wrong',
    sentence: 'What answers at {url} is not Keycloak: status {status}.',
    remedy: 'Check KEYCLOAK_SERVER_URL, and what stands between here and Keycloak.',
  },
  'issuer-mismatch': {
    verdict: 'wrong',
    sentence: "Keycloak names issuer '{found}', but KEYCLOAK_ISSUER is '{wanted}'.",
    remedy:
      "Set KEYCLOAK_ISSUER to what stands in the callers' tokens, or Keycloak's hostname (KC_HOSTNAME) so that it names that issuer whoever calls.",
  },
  'exchange-feature-off': {
    verdict: 'wrong',
    sentence: 'Keycloak at {origin} does not offer token exchange.',
    remedy: 'Use Keycloak 26.2 or newer, and do not disable its feature token-exchange-standard.',
  },
  'keys-found': {
    verdict: 'ok',
    sentence: "The realm's key set can be had; keys that sign: {count}.",
  },
  'keys-unavailable': {
    verdict: 'wrong',
    sentence: "The realm's key set cannot be had at {url} ({reason}).",
    remedy:
      'Check what stands between here and Keycloak: without the keys no token can be verified.',
  },
  'scope-not-in-realm': {
    verdict: 'wrong',
    sentence: "The realm has no client scope '{scope}', which the policy wants.",
    remedy:
      "Create it in the realm, with 'Include in token scope' on, and attach it to the requester client as an optional client scope; or correct its name in the policy.",
  },
  'clocks-agree': {
    verdict: 'ok',
    sentence: 'The clocks of Keycloak and of this machine agree.',
  },
  'clock-skew': {
    verdict: 'wrong',
    sentence: "Keycloak's clock is {seconds} s {direction} this machine's.",
    remedy:
      'Have both kept by NTP: with such clocks good tokens count as expired, or as not valid yet.',
  },
} as const satisfies Catalogue
