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
  ]
  for (const args of rows) {
    const command = parseArguments(args)
    t.equal(command.kind, 'mistake', args.join(' '))
    t.notMatch(JSON.stringify(command), /opaque/)
  }
})
