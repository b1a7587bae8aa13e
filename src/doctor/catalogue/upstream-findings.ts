import type { Catalogue } from './entry.ts'

export const UPSTREAM_FINDINGS = {
  'upstream-protected': {
    verdict: 'ok',
    sentence: 'The upstream answers at {origin}, and refuses {path} without a token ({status}).',
  },
  'upstream-untested': {
    verdict: 'untested',
    sentence: 'The upstream was not asked: {reason}.',
    remedy: 'Correct that first, and ask again.',
  },
  'upstream-unreachable': {
    verdict: 'wrong',
    sentence: 'The upstream does not answer at {origin} ({reason}).',
    remedy:
      'Check that it runs and that UPSTREAM_URL names a host and port that can be reached from here.',
  },
  'upstream-certificate-untrusted': {
    verdict: 'wrong',
    sentence: 'The certificate of the upstream at {origin} is not trusted ({reason}).',
    remedy:
      'Name the file with the certificate of its authority (PEM) in UPSTREAM_CA_FILE or CA_FILE.',
  },
  'upstream-certificate-invalid': {
    verdict: 'wrong',
    sentence: 'The certificate of the upstream at {origin} is not valid there ({reason}).',
    remedy:
      'Use the host name that stands in the certificate in UPSTREAM_URL, or renew the certificate.',
  },
  'upstream-without-tls': {
    verdict: 'wrong',
    sentence: 'What listens at {origin} does not speak TLS.',
    remedy: 'Write http:// in UPSTREAM_URL.',
  },
  'upstream-with-tls': {
    verdict: 'wrong',
    sentence: 'What listens at {origin} speaks TLS, and is called without.',
    remedy: 'Write https:// in UPSTREAM_URL.',
  },
  'upstream-refuses-client-certificate': {
    verdict: 'wrong',
    sentence: 'The upstream at {origin} refuses our client certificate ({reason}).',
    remedy:
      'Name in UPSTREAM_TLS_CERT_FILE one that has not expired, is meant for clients, and comes with its chain from an authority that is trusted there.',
  },
  'upstream-wants-client-certificate': {
    verdict: 'wrong',
    sentence:
      'The upstream at {origin} does not take the connection without a client certificate that it trusts ({reason}).',
    remedy: 'Set UPSTREAM_TLS_CERT_FILE and UPSTREAM_TLS_KEY_FILE.',
  },
  'upstream-failing': {
    verdict: 'wrong',
    sentence: 'The upstream answers {path} with {status}.',
    remedy:
      'Look into its log: Llama Stack answers 503 where it cannot have the key set of Keycloak.',
  },
  'upstream-other-issuer': {
    verdict: 'wrong',
    sentence:
      "The upstream wants tokens of '{found}', but the issuer here is '{wanted}': KEYCLOAK_ISSUER, or what KEYCLOAK_SERVER_URL and KEYCLOAK_REALM make where that is not set.",
    remedy:
      "Make KEYCLOAK_ISSUER and the upstream's issuer (server.auth.provider_config.issuer) the same text.",
  },
  'upstream-open': {
    verdict: 'note',
    sentence: 'The upstream is not protected: it answers {path} without a token ({status}).',
    remedy: 'Switch on its authentication, if the route is not meant to be open.',
  },
  'upstream-redirects': {
    verdict: 'note',
    sentence:
      'The upstream redirects {path} ({status}); Scopelift passes redirects on and never follows them.',
    remedy: 'Name in UPSTREAM_URL where it leads to.',
  },
  'upstream-unclear': {
    verdict: 'untested',
    sentence: 'Whether the upstream is protected was not tested: it answers {path} with {status}.',
    remedy:
      'With 404, check that UPSTREAM_URL leads to the API itself; else name a route of it that takes GET, with its scopes, in POLICY_FILE.',
  },
} as const satisfies Catalogue
