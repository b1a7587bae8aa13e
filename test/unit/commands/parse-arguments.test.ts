import t from 'tap'
import { parseArguments } from '../../../src/commands/parse-arguments.ts'

t.test('the command line names one command', async (t) => {
  const rows = [
    [[], { kind: 'serve', envFile: undefined }],
    [['serve'], { kind: 'serve', envFile: undefined }],
    [['--env-file', 'a.env'], { kind: 'serve', envFile: 'a.env' }],
    [['health'], { kind: 'health', envFile: undefined }],
    [['health', '--env-file=a.env'], { kind: 'health', envFile: 'a.env' }],
    [['--help'], { kind: 'help' }],
    [['-h'], { kind: 'help' }],
    [['health', '--help'], { kind: 'help' }],
    [['--version'], { kind: 'version' }],
    [['-v'], { kind: 'version' }],
  ] as const
  for (const [args, command] of rows) t.same(parseArguments(args), command, args.join(' '))
})

t.test('doctor, explain and config take a caller, a request and a form', async (t) => {
  const common = { envFile: undefined, isJson: false }
  const rows = [
    [['config'], { kind: 'config', ...common }],
    [['config', '--json', '--env-file', 'e'], { kind: 'config', envFile: 'e', isJson: true }],
    [['doctor'], { kind: 'doctor', ...common, caller: undefined }],
    [
      ['doctor', '--token-file', '-'],
      { kind: 'doctor', ...common, caller: { kind: 'file', path: '-' } },
    ],
    [['doctor', '--token=t'], { kind: 'doctor', ...common, caller: { kind: 'text', text: 't' } }],
    [
      ['doctor', '--login', 'u'],
      {
        kind: 'doctor',
        ...common,
        caller: { kind: 'login', user: 'u', clientId: 'scopelift-login' },
      },
    ],
    [
      ['--login-client', 'c', 'doctor', '--login', 'u'],
      { kind: 'doctor', ...common, caller: { kind: 'login', user: 'u', clientId: 'c' } },
    ],
    [
      ['explain', 'post', '/v1/x?a', '--json', '--token-file=f'],
      {
        kind: 'explain',
        envFile: undefined,
        isJson: true,
        method: 'POST',
        target: '/v1/x?a',
        token: { kind: 'file', path: 'f' },
      },
    ],
  ] as const
  for (const [args, command] of rows) t.same(parseArguments(args), command, args.join(' '))
})

t.test('anything else is a mistake, and its text repeats no argument', async (t) => {
  const rows = [
    ['opaque'],
    ['health', 'opaque'],
    ['serve', 'serve'],
    ['--opaque'],
    ['--opaque=opaque'],
    ['-x'],
    ['--env-file'],
    ['--env-file='],
    ['--help=opaque'],
    ['serve', '--json'],
    ['health', '--token', 'opaque'],
    ['config', '--login', 'opaque'],
    ['config', 'opaque'],
    ['doctor', 'opaque'],
    ['doctor', '--token', 'opaque', '--login', 'opaque'],
    ['doctor', '--token', 'opaque', '--token-file', 'opaque'],
    ['doctor', '--login-client', 'opaque'],
    ['doctor', '--login', ''],
    ['explain'],
    ['explain', 'GET'],
    ['explain', 'OPAQUE', '/opaque'],
    ['explain', 'GET', '/opaque', 'opaque'],
    ['explain', 'GET', '/opaque', '--login', 'opaque'],
  ]
  for (const args of rows) {
    const command = parseArguments(args)
    t.equal(command.kind, 'mistake', args.join(' '))
    t.notMatch(JSON.stringify(command), /opaque/)
  }
})

t.test('a mistake says what could have stood there', async (t) => {
  const rows = [
    [['docter'], 'unknown command; the commands are serve, health, config, doctor, explain'],
    [['doctor', 'extra'], 'doctor takes options only, and no further word'],
    [
      ['explain', 'FOO', '/x'],
      'explain needs a method of HTTP first, for example: explain GET /v1/models',
    ],
    [['explain', 'POST', '/x', 'extra'], 'explain takes nothing after METHOD PATH but options'],
    [
      ['explain', 'GET', '/x', '--jsn'],
      'unknown option; explain takes --env-file, --json, --token, --token-file, --help',
    ],
    [['--port', '1'], 'unknown option; serve takes --env-file, --help'],
    [
      ['config', '--env-file'],
      'an option without its value, or with one that it does not take; config takes --env-file, --json, --help',
    ],
    [['explain', 'GET'], 'explain needs a method and a path, for example: explain GET /v1/models'],
  ] as const
  for (const [args, reason] of rows) t.same(parseArguments(args), { kind: 'mistake', reason })
})
