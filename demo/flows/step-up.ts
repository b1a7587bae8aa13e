import { describeAudit, inMs } from '../audit-line.ts'
import type { HttpAnswer } from '../http-call.ts'
import type { Ask, Caller, Lifted, Scene } from '../scene.ts'
import { askDirectly, askThroughScopelift, describeAnswer } from '../scene.ts'
import type { Terminal } from '../terminal.ts'

/** Plays one request that needs a scope: denied, exchanged, replayed, granted, and then granted at once. */
export async function playStepUp(
  scene: Scene,
  caller: Caller,
  ask: Ask,
  scope: string,
): Promise<HttpAnswer> {
  const { terminal } = scene
  terminal.line()
  showRequest(terminal, ask)
  await showDenial(scene, caller, ask)

  showSending(terminal)
  const lifted = await askThroughScopelift(scene, caller, ask)
  expectStepUp(scene, lifted, scope)
  const { audit, answer, arrivals } = lifted
  const [first] = arrivals
  if (first?.status === 403) {
    const token = first.isOwnToken ? 'as before' : 'with the token that it keeps for this path'
    terminal.step('✗', 'denied', `403 ${token}; Scopelift holds the answer back`, 'yellow')
  }
  if (answer.status === 200) {
    terminal.step('⇄', 'exchanged', `at Keycloak, for a token that holds ${scope}`, 'yellow')
    terminal.step('↻', 'replayed', 'the same request, with the issued token', 'yellow')
    terminal.step('✓', 'granted', describeAnswer(answer), 'green')
  } else terminal.step('✗', 'denied', describeAnswer(answer), 'red')
  if (audit !== undefined) terminal.step(' ', 'audit', describeAudit(audit), 'dim')

  const again = await askThroughScopelift(scene, caller, ask)
  const { expect } = scene
  expect(`${ask.path} is granted a second time`, again.answer.status === 200)
  expect(`${ask.path} needs no second exchange`, again.exchanges === 0)
  expect(`${ask.path} is lifted again: ${again.outcome}`, again.outcome in SENT_AT_ONCE)
  const took = `${again.answer.status} in ${inMs(again.answer.ms)}, without Keycloak`
  const how = SENT_AT_ONCE[again.outcome] ?? again.outcome
  terminal.step('✓', 'at once', `${took}: ${how}`, 'green')
  return answer
}

/** How the issued token that Scopelift keeps serves the second request. */
const SENT_AT_ONCE: Readonly<Record<string, string>> = {
  preempted: 'sent once, with the token it keeps (preempted)',
  'stepped-up': 'replayed with the token it keeps, as the policy says preempt: false',
}

/** What is asked for, directly and through Scopelift. */
export function showRequest(terminal: Terminal, { method, path, json }: Ask): void {
  const body = json === undefined ? '' : ` ${JSON.stringify(json)}`
  terminal.step('·', 'request', `${method} ${path}${body}`, 'bold')
}

/** From here on the request is in Scopelift's hands. */
export function showSending(terminal: Terminal): void {
  terminal.step('→', 'through', 'Scopelift, with the same token', 'bold')
}

/** What Llama Stack says to the caller's own token when nobody helps. */
export async function showDenial(scene: Scene, caller: Caller, ask: Ask): Promise<HttpAnswer> {
  const denial = await askDirectly(scene, caller, ask)
  scene.expect(`${ask.path} is denied without Scopelift`, denial.status === 403)
  scene.terminal.step('·', 'directly', describeAnswer(denial), 'red')
  return denial
}

function expectStepUp({ expect }: Scene, lifted: Lifted, scope: string): void {
  const { answer, outcome, audit, exchanges, arrivals } = lifted
  const [first, second] = arrivals
  expect(`${scope} is granted: ${answer.status}`, answer.status === 200)
  expect(`${scope} is stepped up: ${outcome}`, outcome === 'stepped-up')
  expect(`${scope}: the audit line has the outcome`, audit?.outcome === outcome)
  expect(
    `${scope}: the audit line has the needed scope`,
    audit?.scopesNeeded.includes(scope) ?? false,
  )
  expect(
    `${scope}: the audit line has the granted scope`,
    audit?.scopesGranted.includes(scope) ?? false,
  )
  expect(`${scope} takes one exchange: ${exchanges}`, exchanges === 1)
  expect(`${scope} takes a denial and a replay: ${arrivals.length}`, arrivals.length === 2)
  expect(`${scope}: the first attempt is denied`, first?.status === 403)
  expect(`${scope}: the replay has the issued token`, second?.isOwnToken === false)
  expect(`${scope}: the caller never sees the issued token`, !answer.body.includes('eyJ'))
}
