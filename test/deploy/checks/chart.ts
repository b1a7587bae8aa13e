import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dig } from '../../e2e/json.ts'
import { createChartSettingsSchema } from '../chart-settings.ts'
import type { Check } from '../check.ts'
import { BASE_VALUES, MODES } from '../modes.ts'
import type { Renderer } from '../render.ts'
import { CHART, ofKind } from '../render.ts'
import { runTool } from '../run-tool.ts'
import type { Tools } from '../tools.ts'

type Values = Readonly<Record<string, unknown>>

const GOOD: Values = BASE_VALUES

function withSettings(settings: Values): Values {
  return { ...GOOD, settings: { ...BASE_VALUES.settings, ...settings } }
}

/** Values that must be refused, and what the refusal must say. */
const REFUSED: readonly (readonly [what: string, values: Values, says: RegExp])[] = [
  ['an unknown value', { ...GOOD, replicaCount: 2 }, /replicaCount/],
  ['an unknown value deep down', { ...GOOD, llamaStack: { hostname: 'x' } }, /hostname/],
  ['a setting that does not exist', withSettings({ KEYCLOAK_RELM: 'x' }), /KEYCLOAK_RELM/],
  ['the secret itself', withSettings({ KEYCLOAK_CLIENT_SECRET: 'x' }), /KEYCLOAK_CLIENT_SECRET/],
  ['a setting that is the pod’s', withSettings({ PORT: 9000 }), /PORT/],
  ['a URL without a scheme', withSettings({ KEYCLOAK_SERVER_URL: 'keycloak' }), /SERVER_URL/],
  ['a number in quotes', withSettings({ SHUTDOWN_GRACE_MS: '25000' }), /SHUTDOWN_GRACE_MS/],
  ['a number out of bounds', withSettings({ MAX_SCOPES: 0 }), /MAX_SCOPES/],
  ['a choice that is none', withSettings({ LOG_LEVEL: 'loud' }), /LOG_LEVEL/],
  ['a list with a wrong element', withSettings({ READY_REQUIRES: 'model' }), /READY_REQUIRES/],
  ['an unknown method', { ...GOOD, clientAuthentication: { method: 'password' } }, /method/],
  ['a digest that is none', { ...GOOD, image: { digest: 'sha256:1' } }, /digest/],
  ['a wrong port', { ...GOOD, service: { port: 70_000 } }, /port/],
  ['a volume with a name of the chart', { ...GOOD, volumes: [{ name: 'config' }] }, /volumes/],
  ['no server', withSettings({ KEYCLOAK_SERVER_URL: '' }), /KEYCLOAK_SERVER_URL is missing/],
  ['no realm', withSettings({ KEYCLOAK_REALM: '' }), /KEYCLOAK_REALM is missing/],
  ['no client', withSettings({ KEYCLOAK_CLIENT_ID: '' }), /KEYCLOAK_CLIENT_ID is missing/],
  ['no audience', withSettings({ KEYCLOAK_AUDIENCE: '' }), /KEYCLOAK_AUDIENCE is missing/],
  ['a grace that is too short', { ...GOOD, terminationGracePeriodSeconds: 30 }, /cut/],
  ['a name with a dot', { ...GOOD, nameOverride: 'a.b' }, /nameOverride/],
  ['a name that no Service can have', { ...GOOD, fullnameOverride: '123' }, /fullnameOverride/],
  [
    'a port that is not the configuration’s',
    { ...GOOD, llamaStack: { port: 9000, config: { content: 'server: { port: 8321 }' } } },
    /llamaStack.port \(9000\)/,
  ],
  ...['name', 'instance', 'version', 'managed-by'].map(
    (name) =>
      [
        `a label of the pod that is the chart’s: ${name}`,
        { ...GOOD, podLabels: { [`app.kubernetes.io/${name}`]: 'x' } },
        /podLabels/,
      ] as const,
  ),
  [
    'an annotation that is the chart’s',
    { ...GOOD, podAnnotations: { 'checksum/settings': 'x' } },
    /podAnnotations/,
  ],
  ['two policies', { ...GOOD, policy: { file: 'a: b', existingConfigMap: 'c' } }, /exclude/],
]

export function chartChecks(renderer: Renderer, tools: Tools): readonly Check[] {
  return [
    {
      sentence: 'helm lint --strict finds nothing in the chart as it is',
      needs: ['helm'],
      run: () => lint(tools, {}),
    },
    ...MODES.map((mode) => ({
      sentence: `helm lint --strict finds nothing: ${mode.name}`,
      needs: ['helm' as const],
      run: () => lint(tools, mode.values),
    })),
    {
      sentence: 'the chart offers every setting of the program, with its bounds and choices',
      async run() {
        const schema: unknown = JSON.parse(
          await readFile(join(CHART, 'values.schema.json'), 'utf8'),
        )
        const wanted = createChartSettingsSchema()
        const hint = 'out of date: npm run test:deploy -- --write'
        assert.deepEqual(dig(schema, 'properties', 'settings'), wanted, hint)
      },
    },
    ...REFUSED.map(([what, values, says]) => ({
      sentence: `the chart refuses ${what}`,
      needs: ['helm' as const],
      async run() {
        const ended = await renderer.tryHelm(values)
        assert.notEqual(ended.code, 0, 'it was rendered')
        assert.match(ended.stderr, says)
      },
    })),
    {
      sentence: 'numbers, switches and large values arrive as they are written',
      needs: ['helm'],
      async run() {
        const values = withSettings({ CACHE_MAX_TTL_MS: 86_400_000, OUTCOME_HEADER: false })
        const { text } = await renderer.helm(values)
        assert.match(text, /CACHE_MAX_TTL_MS: "86400000"/)
        assert.match(text, /OUTCOME_HEADER: "false"/)
      },
    },
    {
      sentence: 'the text of a file arrives to the letter, also one that begins with spaces',
      needs: ['helm'],
      run: () => keepsTexts(renderer),
    },
    {
      sentence: 'no text stands twice in deploy/',
      async run() {
        const seen = new Map<string, string>()
        for (const entry of await readdir('deploy', { recursive: true, withFileTypes: true })) {
          if (!entry.isFile() || entry.name === 'kustomization.yaml') continue
          const file = join(entry.parentPath, entry.name)
          const text = await readFile(file, 'utf8')
          assert.equal(seen.get(text), undefined, file)
          seen.set(text, file)
        }
      },
    },
  ]
}

const TEXTS: readonly string[] = [
  '   routes: []\n',
  '\n\n  a: 1\nb: "<&>\u2028\t"\n\n\n',
  '# {{ .Values }} — ünï\r\nroutes: []',
]

async function keepsTexts(renderer: Renderer): Promise<void> {
  for (const content of TEXTS) {
    const policy = { file: content }
    const rendered = await renderer.helm({ ...GOOD, policy, llamaStack: { config: { content } } })
    const maps = ofKind(rendered, 'ConfigMap')
    for (const key of ['policy.yaml', 'config.yaml']) {
      assert.ok(
        maps.some((map) => dig(map, 'data', key) === content),
        key,
      )
    }
  }
}

async function lint(tools: Tools, values: Values): Promise<void> {
  const stdin = JSON.stringify(values)
  const ended = await runTool(tools.helm, ['lint', '--strict', CHART, '--values', '-'], { stdin })
  assert.equal(ended.code, 0, ended.stdout)
  assert.doesNotMatch(ended.stdout, /WARNING|ERROR/)
}
