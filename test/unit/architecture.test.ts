import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

/** What each room may look into; a file directly in `src/` is a room of its own. Leaves of the root may be read by all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  denial: [],
  observability: [],
  transport: ['observability/problems.ts'],
  config: ['observability/printable.ts'],
  policy: ['denial', 'observability/problems.ts'],
  'step-up': ['denial', 'policy', 'observability/outcome.ts'],
  // It implements what step-up declares, and step-up never looks back.
  'token-exchange': ['step-up/issued-tokens.ts', 'policy/route-policy.ts', 'observability'],
  relay: ['policy/canonical-path.ts'],
  commands: ['config', 'doctor', 'explain', 'observability', 'policy'],
  explain: [
    'denial/hint.ts',
    'observability/printable.ts',
    'policy',
    'relay/admission.ts',
    'token-exchange',
  ],
  doctor: [
    'client-credentials.ts',
    'config',
    'observability',
    'policy',
    'token-exchange',
    'transport',
  ],
  'call.ts': ['observability/outcome.ts'],
  'audit-entry.ts': ['observability'],
  'client-credentials.ts': ['config', 'observability', 'token-exchange'],
  'keycloak.ts': [
    'client-credentials.ts',
    'config',
    'observability',
    'policy/route-policy.ts',
    'token-exchange',
    'transport',
  ],
  'policy-files.ts': ['config', 'policy', 'observability'],
  'app.ts': [
    'config',
    'observability',
    'policy',
    'policy-files.ts',
    'audit-entry.ts',
    'keycloak.ts',
    'relay',
    'step-up',
    'token-exchange',
    'transport',
  ],
  'main.ts': ['app.ts', 'commands', 'config', 'observability', 'policy'],
}

const LEAVES = [
  'call.ts',
  'error-code.ts',
  'issued-token.ts',
  'json-object.ts',
  'raw-headers.ts',
  'scope-token.ts',
  'secret.ts',
  'subject-token.ts',
]

const FORBIDDEN_NAMES = /(^|\/)(utils?|helpers?|common|types|index)(\.ts)?$/

const files = readdirSync(SRC, { recursive: true })
  .map((file) => String(file).replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))

/** Paths below `src/` that a file imports, types too. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  const found = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)]
  return found.map(([, path = '']) => normalize(join(dirname(file), path)).replaceAll('\\', '/'))
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? file
}

t.test('imports run downwards only', (t) => {
  for (const file of files) {
    const room = roomOf(file)
    const allowed = MAY_IMPORT[room] ?? []
    for (const target of importsOf(file)) {
      if (target.startsWith('..')) continue
      const isAllowed =
        roomOf(target) === room ||
        LEAVES.includes(target) ||
        allowed.includes(target) ||
        allowed.includes(roomOf(target))
      t.ok(isAllowed, `${file} → ${target}`)
    }
  }
  t.end()
})

t.test('no file imports itself in a circle', (t) => {
  const done = new Set<string>()
  const path: string[] = []
  function visit(file: string): void {
    if (path.includes(file)) {
      t.fail(`circle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const target of importsOf(file)) if (!target.startsWith('..')) visit(target)
    path.pop()
    done.add(file)
  }
  for (const file of files) visit(file)
  t.equal(done.size, files.length)
  t.end()
})

t.test('no room is called by a name that says nothing', (t) => {
  t.same(
    files.filter((file) => FORBIDDEN_NAMES.test(file)),
    [],
  )
  t.end()
})

t.test('only the entry point and the composition root touch the process', (t) => {
  const touching = files.filter((file) =>
    /\bprocess\.(env|argv|exit|exitCode|stdout|stderr|on|once)\b/.test(
      readFileSync(join(SRC, file), 'utf8'),
    ),
  )
  t.same(touching, ['main.ts'])
  t.end()
})

t.test(
  'the core never knows the authorization server: step-up does not import token-exchange',
  (t) => {
    const guilty = files.filter(
      (file) =>
        roomOf(file) === 'step-up' &&
        importsOf(file).some((path) => roomOf(path) === 'token-exchange'),
    )
    t.same(guilty, [])
    t.end()
  },
)
