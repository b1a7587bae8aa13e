import { describeAudit, inMs } from '../audit-line.ts'
import type { HttpAnswer } from '../http-call.ts'
import type { Ask, Scene } from '../scene.ts'
import { askThroughScopelift, describeAnswer, logIn } from '../scene.ts'
import { showDenial, showRequest, showSending } from './step-up.ts'
import { invocation } from './tool-usage.ts'

/** alice is no admin and nobody has no role: Keycloak drops the scope, and Llama Stack's own denial comes back. */
export async function playNotEntitled(scene: Scene): Promise<void> {
  const { terminal } = scene
  terminal.heading('Not entitled')
  terminal.line(
    'Scopelift lifts nobody above their roles: the denial returns as Llama Stack wrote it.',
  )
  await playRefusal(scene, 'alice', invocation('get_server_info'))
  await playRefusal(scene, 'nobody', { method: 'POST', path: '/v1/agents', json: {} })
}

async function playRefusal(scene: Scene, name: string, ask: Ask): Promise<void> {
  const { terminal, expect } = scene
  terminal.line()
  const caller = await logIn(scene, name)
  showRequest(terminal, ask)
  const denial = await showDenial(scene, caller, ask)

  showSending(terminal)
  const { answer, outcome, audit, exchanges } = await askThroughScopelift(scene, caller, ask)
  expect(`${name} is not granted: ${outcome}`, outcome === 'scope-not-granted')
  expect(`${name}: the audit line has the outcome`, audit?.outcome === outcome)
  expect(`${name}: Keycloak was asked once: ${exchanges}`, exchanges === 1)
  expect(`${name}: the denial’s status is the original’s`, answer.status === denial.status)
  expect(`${name}: the denial’s body is the original’s`, answer.body.equals(denial.body))
  const [lines, original] = [endToEndLines(answer), endToEndLines(denial)]
  expect(`${name}: the denial’s header lines are the original’s`, lines === original)
  terminal.step('⇄', 'exchanged', 'at Keycloak, which leaves out what the roles forbid', 'yellow')
  terminal.step('✗', 'denied', `${describeAnswer(answer)} (byte for byte the original)`, 'red')
  if (audit !== undefined) terminal.step(' ', 'audit', describeAudit(audit), 'dim')

  const again = await askThroughScopelift(scene, caller, ask)
  expect(`${name} is refused again: ${again.outcome}`, again.outcome === outcome)
  expect(`${name}: the refusal is remembered`, again.exchanges === 0)
  const took = `${again.answer.status} in ${inMs(again.answer.ms)}, without Keycloak`
  terminal.step('✗', 'at once', `${took}: the refusal is remembered for 30 s`, 'red')
}

const NOT_COMPARED = [
  'connection',
  'date',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'via',
  'scopelift-outcome',
]

/** The field lines that concern the caller, in their order, case and value (RFC 9110 §7.6.1 leaves the others to each hop). */
function endToEndLines({ rawHeaders }: HttpAnswer): string {
  const lines: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
    if (!NOT_COMPARED.includes(name.toLowerCase())) lines.push(`${name}: ${value}`)
  }
  return lines.join('\n')
}
