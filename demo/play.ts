import { curlLines } from './curl-lines.ts'
import { createExpectations } from './expectations.ts'
import { playAgentCreation } from './flows/agent-creation.ts'
import { playChatCompletion } from './flows/chat-completion.ts'
import { playNotEntitled } from './flows/not-entitled.ts'
import { playToolUsage } from './flows/tool-usage.ts'
import type { Stage } from './stage.ts'
import type { Terminal } from './terminal.ts'

/** Says who is on the stage. */
export function introduce(stage: Stage, terminal: Terminal): void {
  const { authorizationServer, scopelift, llamaStack } = stage
  terminal.heading('Scopelift')
  terminal.line(
    'A caller with a small token meets an API that wants a scope. Scopelift, between them, has' +
      ' Keycloak exchange the token, and sends the request again.',
  )
  terminal.line()
  terminal.step('·', 'Keycloak', `${authorizationServer.url} · stand-in, answers as 26.7.5`, 'cyan')
  terminal.step('·', 'Scopelift', `${scopelift.url} · the real one, dist/scopelift.js`, 'cyan')
  terminal.step('·', 'Llama Stack', `${llamaStack.url} · stand-in, refuses as OGX 1.5`, 'cyan')
}

/** Plays all flows; whether everything was as expected. */
export async function playFlows(stage: Stage, terminal: Terminal): Promise<boolean> {
  const expectations = createExpectations((sentence) =>
    terminal.step('!', 'UNEXPECTED', `this did not hold: ${sentence}`, 'red'),
  )
  const scene = { stage, terminal, expect: expectations.expect }
  await playAgentCreation(scene)
  await playToolUsage(scene)
  await playChatCompletion(scene)
  await playNotEntitled(scene)

  const { held, failures } = expectations
  terminal.heading(failures.length === 0 ? 'All as expected' : 'Not as expected')
  const total = held + failures.length
  terminal.line(`${held} of ${total} expectations held.`, failures.length === 0 ? 'green' : 'red')
  for (const sentence of failures) terminal.line(`Did not hold: ${sentence}`, 'red')
  return failures.length === 0
}

/** A clean line for the prompt after the `^C` of the terminal. */
export function sayGoodbye(terminal: Terminal): void {
  terminal.line()
  terminal.line('Closed.')
}

/** What to try by hand while the servers stay up. */
export function invite(stage: Stage, terminal: Terminal): void {
  terminal.heading('Now you')
  terminal.verbatim(
    curlLines({
      tokenEndpoint: stage.authorizationServer.tokenEndpoint,
      scopeliftUrl: stage.scopelift.url,
      adminUrl: stage.scopelift.adminUrl,
      llamaStackUrl: stage.llamaStack.url,
      settings: stage.settings,
    }),
  )
  terminal.line()
  terminal.line('The servers stay up until Ctrl-C.', 'bold')
}
