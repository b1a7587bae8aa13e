import { introduce, invite, playFlows, sayGoodbye } from './play.ts'
import { DemoError } from './sidecar.ts'
import type { Stage } from './stage.ts'
import { openStage } from './stage.ts'
import type { Terminal } from './terminal.ts'
import { createTerminal, wantsColour } from './terminal.ts'

const USAGE = `Usage: npm run demo [-- --once]

Plays Scopelift between a stand-in for Keycloak and a stand-in for Llama Stack, then leaves all
three up until Ctrl-C. With --once it ends after the flows: 0 if all was as expected, 1 if not.
`

const [option, ...rest] = process.argv.slice(2)
if (option === '--help') process.stdout.write(USAGE)
else if ((option === undefined || option === '--once') && rest.length === 0) {
  process.exitCode = await runDemo(option === '--once')
} else {
  const unknown = option === '--once' ? rest : [option]
  process.stderr.write(`Unknown argument: ${unknown.join(' ')}\n\n${USAGE}`)
  process.exitCode = 64
}

async function runDemo(isOnce: boolean): Promise<number> {
  const terminal = createTerminal({
    write: (text) => void process.stdout.write(text),
    hasColour: wantsColour(process.stdout.isTTY, process.env),
  })
  // A run that was cut short has not shown what `--once` promises.
  const codeIfStopped = isOnce ? 1 : 0
  const stop = listenForStop()
  try {
    const stage = await openStage()
    try {
      const stopped = stop.asked.then(() => codeIfStopped)
      const code = await Promise.race([stopped, perform(stage, terminal, isOnce)])
      await stage.close()
      if (!isOnce) sayGoodbye(terminal)
      return code
    } finally {
      await stage.close()
    }
  } catch (error) {
    // Ctrl-C reaches Scopelift too, which then ends before the stage is open.
    if (stop.isAsked()) {
      if (!isOnce) sayGoodbye(terminal)
      return codeIfStopped
    }
    if (!(error instanceof DemoError)) throw error
    process.stderr.write(`\n${error.message}\n`)
    return 1
  }
}

async function perform(stage: Stage, terminal: Terminal, isOnce: boolean): Promise<number> {
  introduce(stage, terminal)
  const isAsExpected = await playFlows(stage, terminal)
  if (isOnce) return isAsExpected ? 0 : 1
  invite(stage, terminal)
  const code = await stage.scopelift.exited
  throw new DemoError(`Scopelift has ended by itself, with exit code ${code}`)
}

/** `asked` resolves at the first Ctrl-C, SIGTERM or closed terminal. */
function listenForStop() {
  let isAsked = false
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.once(signal, () => {
        isAsked = true
        resolve()
      })
    }
  })
  return { asked, isAsked: () => isAsked }
}
