import { BASE_VALUES } from './modes.ts'

/** Names that Helm takes, and that YAML reads as something else than a text where they stand without quotes. */
export const ODD_RELEASES = ['yes', 'null', '1e3', '123', '0755', 'a.b'] as const

/** Values of that kind, with the names that the chart makes itself. */
export const ODD_VALUES = {
  settings: BASE_VALUES.settings,
  nameOverride: 'null',
  clientAuthentication: { secretName: '123', secretKey: '1e3' },
  policy: { file: 'routes: []\n', key: 'yes' },
  ca: { existingConfigMap: '0755', key: 'true' },
  serviceAccount: { name: 'true' },
  llamaStack: {
    config: { existingConfigMap: '0755', key: 'null', mountPath: '/etc/ogx #1' },
    runAsUser: 1_000_680_000,
  },
} as const
