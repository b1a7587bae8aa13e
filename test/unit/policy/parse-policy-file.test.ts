import t from 'tap'
import { PolicyFileError, parsePolicyFile } from '../../../src/policy/parse-policy-file.ts'

function mistakesOf(text: string): readonly (readonly [number, string])[] {
  try {
    parsePolicyFile(text)
  } catch (error) {
    if (!(error instanceof PolicyFileError)) throw error
    return error.mistakes.map(({ line, reason }) => [line, reason] as const)
  }
  return []
}

t.test('the example of the manual is read whole', (t) => {
  const file = parsePolicyFile(`
prefer: [llama:models:read]
routes:
  - match: { method: POST, path: /v1/chat/completions }
    scopes: [llama:inference_chat_completion]
  - match: { method: [POST], path: /v1/agents/:agent_id/session }
    scopes: [llama:b, llama:a]
  - match: { path: /v1/files/* }
    scopes: [llama:files]
    preempt: false
    audience: [z, llama-stack]
    replay: never
`)
  const absent = { preempt: undefined, audience: undefined, replay: undefined }
  t.same(file, {
    prefer: ['llama:models:read'],
    routes: [
      {
        methods: ['POST'],
        path: '/v1/chat/completions',
        scopes: ['llama:inference_chat_completion'],
        ...absent,
        line: 4,
      },
      {
        methods: ['POST'],
        path: '/v1/agents/:agent_id/session',
        scopes: ['llama:a', 'llama:b'],
        ...absent,
        line: 6,
      },
      {
        methods: undefined,
        path: '/v1/files/*',
        scopes: ['llama:files'],
        preempt: false,
        audience: ['llama-stack', 'z'],
        replay: 'never',
        line: 8,
      },
    ],
  })
  t.end()
})

t.test('the order of preference is kept', (t) => {
  t.same(parsePolicyFile('prefer: [b, a, c]').prefer, ['b', 'a', 'c'])
  t.end()
})

t.test('a route may say nothing but its path: it exempts that path from the ones below', (t) => {
  t.equal(parsePolicyFile('routes: [{ match: { path: / } }]').routes.length, 1)
  t.end()
})

t.test('routes may be an empty list', (t) => {
  t.same(parsePolicyFile('routes: []'), { prefer: [], routes: [] })
  t.end()
})

t.test('anchors spare repetition', (t) => {
  const { routes } = parsePolicyFile(
    'prefer: &files [llama:files]\nroutes:\n- match: { path: /a }\n  scopes: *files\n',
  )
  t.same(routes[0]?.scopes, ['llama:files'])
  t.end()
})

const route = (fields: string) => `routes:\n- match: { path: /a }\n  ${fields}\n`
const match = (fields: string) => `routes:\n- match: { ${fields} }\n  preempt: false\n`

/** Twenty scopes that make so many characters as one parameter. */
function longScopes(characters: number): string {
  const scopes = Array.from({ length: 19 }, (_, i) => `${i}`.padEnd(199, 'x'))
  return [...scopes, 'y'.repeat(characters - 19 * 200)].join(', ')
}

t.test('the scopes of a route may be as long as one request to Keycloak holds', (t) => {
  const [first] = parsePolicyFile(route(`scopes: [${longScopes(4000)}]`)).routes
  t.equal(first?.scopes?.join(' ').length, 4000)
  t.end()
})

const BROKEN: readonly (readonly [string, number, RegExp])[] = [
  ['', 1, /empty/],
  ['# only a comment', 1, /empty/],
  ['- a', 1, /mapping/],
  ['text', 1, /mapping/],
  ['rutes: []', 1, /unknown key "rutes": known here are prefer, routes/],
  ['1: 2', 1, /unknown key: known/],
  ['? [a]\n: b', 1, /unknown key: known/],
  ['prefer: llama:a', 1, /prefer is no list: write e\.g\./],
  ['prefer: []', 1, /prefer is an empty list/],
  ['prefer:', 1, /prefer is no list/],
  ['routes: {}', 1, /routes is no list/],
  ['routes: [a]', 1, /a route is a mapping/],
  ['routes: [{}]', 1, /needs match/],
  ['routes:\n- scopes: [a]', 2, /needs match/],
  ['routes:\n- match: /a', 2, /match is a mapping/],
  [match('method: GET'), 2, /match needs a path/],
  [match('path: 1'), 2, /path is a text/],
  [match('path: a'), 2, /begins with a slash/],
  [match('path: /a/'), 2, /ends without a slash/],
  [match('path: //a'), 2, /no empty segments/],
  [match('path: /a//b'), 2, /no empty segments/],
  [match('path: /a?b'), 2, /no query/],
  [match('path: "/a#b"'), 2, /no query and no fragment/],
  [match('path: /a%20b'), 2, /matched decoded/],
  [match('path: /a/../b'), 2, /dot segments/],
  [match('path: "/a\\\\b"'), 2, /backslashes/],
  [match('path: "/a\\0b"'), 2, /control characters/],
  [match('path: "/a\\ud800"'), 2, /well-formed/],
  [match('path: /a*'), 2, /stands alone as the last segment/],
  [match('path: /a/*/b'), 2, /stands alone as the last segment/],
  [match('path: "/a/:"'), 2, /written :name/],
  [match('path: /a/:b-c'), 2, /written :name/],
  [match(`path: /${'a'.repeat(2048)}`), 2, /at most 2048/],
  [match('path: /a, methods: GET'), 2, /unknown key "methods": known here are method, path/],
  [match('path: /a, method: get'), 2, /upper case: GET/],
  [match('path: /a, method: FETCH'), 2, /unknown method/],
  [match('path: /a, method: TRACE'), 2, /never forwarded/],
  [match('path: /a, method: [CONNECT]'), 2, /never forwarded/],
  [match('path: /a, method: []'), 2, /method is an empty list/],
  [match('path: /a, method: [GET, GET]'), 2, /listed twice/],
  [match('path: /a, method: 7'), 2, /a method is a text/],
  [route('scopes: llama:a'), 3, /scopes is no list/],
  [route('scopes: []'), 3, /scopes is an empty list/],
  [route('scopes: [a, a]'), 3, /listed twice/],
  [route('scopes: [1]'), 3, /a scope is a text/],
  [route('scopes: ["a b"]'), 3, /one token/],
  [route('scopes: ["a\\"b"]'), 3, /one token/],
  [route('scopes: ["a\\\\b"]'), 3, /one token/],
  [route('scopes: [é]'), 3, /one token/],
  [route('scopes: [""]'), 3, /one token/],
  [route(`scopes: [${'a'.repeat(257)}]`), 3, /one token/],
  [route(`scopes: [${longScopes(4001)}]`), 3, /more than 4000 characters together/],
  [route('preempt: yes'), 3, /preempt is true or false/],
  [route('preempt: "true"'), 3, /preempt is true or false/],
  [route('audience: llama-stack'), 3, /audience is no list/],
  [route('audience: []'), 3, /audience is an empty list/],
  [route('audience: [a, a]'), 3, /an audience is listed twice/],
  [route('audience: ["a b"]'), 3, /without spaces/],
  [route('replay: always'), 3, /replay is never, or absent/],
  [route('replay: true'), 3, /replay is a text/],
  [
    route('scope: [a]'),
    3,
    /unknown key "scope": known here are match, scopes, preempt, audience, replay/,
  ],
  [route('scopes: *none'), 3, /scopes is no list/],
  ['prefer: [a', 1, /no valid YAML/],
  ['prefer: [a]\nprefer: [b]', 2, /no valid YAML/],
  ['prefer: !!set [a]', 1, /no valid YAML/],
  ['prefer: [!foo a]', 1, /no valid YAML/],
  ['prefer: [a]\n---\nprefer: [b]\n', 2, /second YAML document/],
  [`# ${'x'.repeat(1024 * 1024)}`, 1, /larger than/],
  [`routes: ${'['.repeat(100_000)}`, 1, /nested deeper/],
  [`routes: ${'{a: '.repeat(100)}`, 1, /nested deeper/],
]

t.test('every mistake has its line and says how to write it', (t) => {
  for (const [text, line, reason] of BROKEN) {
    const mistakes = mistakesOf(text)
    const shown = text.slice(0, 80)
    t.equal(mistakes[0]?.[0], line, shown)
    t.match(mistakes[0]?.[1], reason, shown)
  }
  t.end()
})

t.test('all mistakes are told at once, in the order of lines', (t) => {
  const mistakes = mistakesOf(`
prefer: []
routes:
  - match: { method: get, path: v1 }
    scopes: []
    colour: red
  - scopes: [a]
`)
  t.same(
    mistakes.map(([line]) => line),
    [2, 4, 4, 5, 6, 7],
  )
  t.end()
})

t.test('an error has a code, and its message names the lines', (t) => {
  t.throws(() => parsePolicyFile('prefer: []\nx: 1'), {
    code: 'ERR_POLICY_FILE',
    name: 'PolicyFileError',
    message: /^line 1: prefer is an empty list.*\nline 2: unknown key/,
  })
  t.end()
})

t.test('of a file that is no YAML the first mistake is told, not all that follow from it', (t) => {
  const mistakes = mistakesOf('routes: [\n{ a: ] }\n"x: : y\n%z\n')
  t.equal(mistakes.length, 1)
  t.match(mistakes[0]?.[1], /^no valid YAML: /)
  t.end()
})

t.test('a file with thousands of mistakes does not fill the log', (t) => {
  const mistakes = mistakesOf(`routes:\n${'- 1\n'.repeat(5000)}`)
  t.equal(mistakes.length, 50)
  t.match(mistakes[49]?.[1], /^a route is a mapping.* \(and 4950 more\)$/)
  t.end()
})

t.test('aliases cannot multiply a small file', (t) => {
  const aliases = '*a,'.repeat(101)
  t.match(mistakesOf(`prefer: &a [x]\nroutes: [${aliases}]`), [[1, /more than 100 YAML aliases/]])
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
  for (let at = 0; at < 9; at += 1) {
    const [now, then] = [String.fromCharCode(98 + at), String.fromCharCode(97 + at)]
    bomb.push(`${now}: &${now} [${`*${then},`.repeat(9)}]`)
  }
  t.ok(mistakesOf(bomb.join('\n')).length > 0)
  t.end()
})

const routes = (...entries: readonly string[]) =>
  `routes:\n${entries.map((entry) => `- match: { ${entry} }\n`).join('')}`

t.test('a route that is never reached is a mistake', (t) => {
  t.match(mistakesOf(routes('path: /a', 'path: /a')), [[3, /never reached.*line 2/]])
  t.match(mistakesOf(routes('path: /a', 'path: /a, method: GET')), [[3, /line 2/]])
  t.match(mistakesOf(routes('path: /a/:x', 'path: /a/:y')), [[3, /line 2/]])
  const split = routes(
    'path: /a, method: GET',
    'path: /a, method: PUT',
    'path: /a, method: [GET, PUT]',
  )
  t.match(mistakesOf(split), [[4, /line 2, 3/]])
  t.end()
})

t.test('routes of one path for different methods are all reached', (t) => {
  t.same(
    mistakesOf(routes('path: /a, method: GET', 'path: /a, method: [GET, PUT]', 'path: /a')),
    [],
  )
  t.same(mistakesOf(routes('path: /a/b', 'path: /a/:x', 'path: /a/*')), [])
  t.same(mistakesOf(routes('path: /a/*, method: GET', 'path: /a/b, method: [GET, PUT]')), [])
  t.same(mistakesOf(routes('path: /a/:x/c', 'path: /a/*', 'path: /b')), [])
  t.end()
})

t.test('a route behind a wider one is never reached', (t) => {
  const never = [[3, /^never reached: the route of line 2 matches first/]]
  t.match(mistakesOf(routes('path: /a/:x', 'path: /a/b')), never)
  t.match(mistakesOf(routes('path: /a/*', 'path: /a')), never)
  t.match(mistakesOf(routes('path: /a/*', 'path: /a/b/:c')), never)
  t.match(mistakesOf(routes('path: /*', 'path: /a/*, method: GET')), never)
  t.match(mistakesOf(routes('path: /a/:x, method: [GET, PUT]', 'path: /a/b, method: PUT')), never)
  t.end()
})
