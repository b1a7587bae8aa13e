import type { Setting } from './setting.ts'

const HOST_RULE = {
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?$|^::$',
  reason: 'must be an IP address or a host name, without scheme, brackets or port',
} as const

export const NETWORK_SETTINGS = {
  UPSTREAM_URL: {
    group: 'Upstream and listeners',
    kind: 'url',
    default: 'http://localhost:8321',
    example: 'http://localhost:8321',
    meaning: 'The protected API; a path in it is put before every target',
  },
  HOST: {
    group: 'Upstream and listeners',
    kind: 'text',
    default: '127.0.0.1',
    example: '127.0.0.1',
    meaning: 'Address to listen on; `0.0.0.0` or `::` for all',
    rule: HOST_RULE,
  },
  PORT: {
    group: 'Upstream and listeners',
    kind: 'integer',
    default: 8322,
    min: 0,
    max: 65_535,
    example: '8322',
    meaning: 'Port to listen on; `0` takes a free one',
  },
  ADMIN_HOST: {
    group: 'Upstream and listeners',
    kind: 'text',
    default: '127.0.0.1',
    example: '127.0.0.1',
    meaning: 'Address of the listener for health, readiness and metrics',
    rule: HOST_RULE,
  },
  ADMIN_PORT: {
    group: 'Upstream and listeners',
    kind: 'integer',
    default: 8323,
    min: 0,
    max: 65_535,
    example: '8323',
    meaning: 'Port of that listener',
  },
  UPSTREAM_CONNECT_TIMEOUT_MS: {
    group: 'Upstream and listeners',
    kind: 'integer',
    default: 5000,
    min: 1,
    max: 600_000,
    example: '5000',
    meaning: 'Longest wait for a connection to the upstream, in milliseconds',
  },
  UPSTREAM_HEADERS_TIMEOUT_MS: {
    group: 'Upstream and listeners',
    kind: 'integer',
    default: 600_000,
    min: 1,
    max: 86_400_000,
    example: '600000',
    meaning:
      "Longest wait for the head of the upstream's answer, in milliseconds; bodies have no limit",
  },
  TRUSTED_PROXIES: {
    group: 'Upstream and listeners',
    kind: 'list',
    default: [],
    example: '10.0.0.0/8 192.168.1.7',
    meaning:
      'Peers whose forwarding headers are kept: IP addresses or CIDR ranges, separated by spaces',
  },
  CA_FILE: {
    group: 'Upstream and listeners',
    kind: 'file',
    example: '/etc/ssl/internal-ca.pem',
    meaning: 'Certificates (PEM) that are trusted for the upstream and Keycloak',
  },
  UPSTREAM_CA_FILE: {
    group: 'Upstream and listeners',
    kind: 'file',
    example: '/etc/ssl/upstream-ca.pem',
    meaning: 'Certificates (PEM) that are trusted for the upstream alone',
  },
  UPSTREAM_TLS_CERT_FILE: {
    group: 'Upstream and listeners',
    kind: 'file',
    example: '/etc/scopelift/upstream/tls.crt',
    meaning: 'Client certificate (PEM, with its chain) for an upstream that wants one',
  },
  UPSTREAM_TLS_KEY_FILE: {
    group: 'Upstream and listeners',
    kind: 'file',
    example: '/etc/scopelift/upstream/tls.key',
    meaning: 'Private key (PEM) of that certificate',
  },
} as const satisfies Record<string, Setting>
