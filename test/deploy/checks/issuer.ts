import assert from 'node:assert/strict'
import { loadConfig } from '../../../src/config/load-config.ts'
import { dig } from '../../e2e/json.ts'
import type { Check } from '../check.ts'
import { BASE_VALUES } from '../modes.ts'
import { appOf, digList, environmentOf, podOf } from '../pod.ts'
import type { Rendered, Renderer } from '../render.ts'

const SERVER = 'https://keycloak.example.com'

/** What the chart must make the same issuer of as the program. */
const COMPUTED: readonly (readonly [server: string, realm: string])[] = [
  [SERVER, 'example'],
  [SERVER, 'my realm'],
  [SERVER, `ünï+%28%(a)*'!~&="<`],
  ['https://KC.example.com:443', 'example'],
  ['HTTPS://kc.example.com:8443/Auth//', 'example'],
  ['http://kc.example.com:80/', 'example'],
  ['http://kc:443', 'example'],
  ['http://kc.example.com:8080', 'example'],
]

/** Where the template cannot know the program's form of the URL, it asks for the issuer. */
const NOT_COMPUTED: readonly string[] = [
  'https://kc.example.com/a/../b',
  'https://kc.example.com/a/.',
  'https://kc.example.com/ä',
  'https://kc.example.com/a%7e',
  'https://kc.example.com:0443',
  'https://bücher.example.com',
  'https://0x7f.1',
  'https://[0:0::1]',
]

export function issuerChecks(renderer: Renderer): readonly Check[] {
  const needs = ['helm'] as const
  return [
    ...COMPUTED.map(([server, realm]) => ({
      sentence: `pod, token and program have one issuer: ${server}, realm ${realm}`,
      needs,
      run: async () => isTheProgramsOwn(await renderer.helm(valuesOf(server, realm))),
    })),
    {
      sentence: 'an issuer that cannot be computed is asked for, and then taken as it is',
      needs,
      async run() {
        for (const server of NOT_COMPUTED) {
          const values = valuesOf(server, 'example')
          const ended = await renderer.tryHelm(values)
          assert.notEqual(ended.code, 0, `${server} was rendered`)
          assert.match(ended.stderr, /KEYCLOAK_ISSUER is missing/)
          const KEYCLOAK_ISSUER = `${SERVER}/realms/example`
          const settings = { ...values.settings, KEYCLOAK_ISSUER }
          isTheProgramsOwn(await renderer.helm({ ...values, settings }))
        }
      },
    },
  ]
}

function valuesOf(server: string, realm: string) {
  const { KEYCLOAK_ISSUER: _, ...settings } = BASE_VALUES.settings
  return {
    settings: {
      ...settings,
      KEYCLOAK_SERVER_URL: server,
      KEYCLOAK_REALM: realm,
      ALLOW_INSECURE_KEYCLOAK: true,
    },
    clientAuthentication: { method: 'federated_jwt' },
    policy: { llamaStackConfig: false, file: 'routes: []\n' },
  }
}

function isTheProgramsOwn(rendered: Rendered): void {
  const env = Object.fromEntries(environmentOf(rendered))
  const { issuer } = loadConfig({ env, readFile: () => 'a.b.c' }).keycloak
  const tokens = digList(podOf(rendered), 'volumes').map((volume) =>
    dig(volume, 'projected', 'sources', 0, 'serviceAccountToken', 'audience'),
  )
  assert.deepEqual(
    tokens.filter((audience) => audience !== undefined),
    [issuer],
  )
  const variable = digList(appOf(rendered), 'env').find(
    (candidate) => dig(candidate, 'name') === 'KEYCLOAK_ISSUER',
  )
  const own = dig(variable, 'value') ?? env['KEYCLOAK_ISSUER']
  assert.equal(own, issuer)
}
