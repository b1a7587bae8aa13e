import { describeAudit } from '../audit-line.ts'
import { fieldsAt, listAt, textAt } from '../authorization-server/json-fields.ts'
import type { Scene } from '../scene.ts'
import { askThroughScopelift, logIn, readFields } from '../scene.ts'
import { showDenial, showRequest, showSending } from './step-up.ts'

const SCOPE = 'llama:inference_chat_completion'

/** alice streams a chat completion: policy names the scope beforehand, so the request is sent once and never denied. */
export async function playChatCompletion(scene: Scene): Promise<void> {
  const { terminal, expect } = scene
  terminal.heading('Streaming chat completion')
  terminal.line(
    'The normal case: policy.yaml knows the scope, so the exchange comes before the request.',
  )
  terminal.line()
  const alice = await logIn(scene, 'alice')
  const messages = [{ role: 'user', content: 'Who let me in?' }]
  const json = { model: 'stub/tiny', stream: true, messages }
  const ask = { method: 'POST', path: '/v1/chat/completions', json } as const

  terminal.line()
  showRequest(terminal, ask)
  await showDenial(scene, alice, ask)

  showSending(terminal)
  const stream = terminal.openStep('✓', 'streams', 'green')
  const pieces: string[] = []
  const onText = (text: string) => {
    pieces.push(text)
    for (const event of text.split('\n\n')) stream.add(wordOf(event))
  }
  const { answer, outcome, audit, exchanges, arrivals } = await askThroughScopelift(scene, alice, {
    ...ask,
    onText,
  })
  stream.end()
  if (audit !== undefined) terminal.step(' ', 'audit', describeAudit(audit), 'dim')

  expect(`the stream is granted: ${answer.status}`, answer.status === 200)
  expect(`the exchange came first: ${outcome}`, outcome === 'preempted')
  expect('the audit line has the granted scope', audit?.scopesGranted.includes(SCOPE) ?? false)
  expect(`one exchange was made: ${exchanges}`, exchanges === 1)
  expect(`the request was sent once: ${arrivals.length}`, arrivals.length === 1)
  expect('it was sent with the issued token', arrivals[0]?.isOwnToken === false)
  expect(`the stream came piece by piece: ${pieces.length}`, pieces.length > 5)
  expect('the stream is whole', answer.body.includes('"finish_reason":"stop"'))
}

/** The word in one server-sent event; nothing where the event was cut by the packet's end. */
function wordOf(event: string): string {
  const [choice = {}] = listAt(readFields(event.slice('data: '.length)), 'choices')
  return textAt(fieldsAt(choice, 'delta'), 'content') ?? ''
}
