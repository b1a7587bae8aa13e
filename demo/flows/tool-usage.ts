import type { Scene } from '../scene.ts'
import { askThroughScopelift, describeAnswer, logIn } from '../scene.ts'
import { playStepUp, showRequest, showSending } from './step-up.ts'

/** root lists the tools and uses two of them: the refusals are challenges of RFC 6750 that name the scope. */
export async function playToolUsage(scene: Scene): Promise<void> {
  const { terminal, expect } = scene
  terminal.heading('Tool usage')
  terminal.line(
    'Each tool wants a scope of its own, and its refusal names it: no policy is needed.',
  )
  terminal.line()
  const root = await logIn(scene, 'root')

  const list = { method: 'GET', path: '/v1/tool-runtime/list-tools' } as const
  terminal.line()
  showRequest(terminal, list)
  showSending(terminal)
  const listed = await askThroughScopelift(scene, root, list)
  expect('listing tools needs no scope', listed.answer.status === 200)
  expect('what is not denied is forwarded', listed.outcome === 'forwarded')
  expect('what is not denied costs no exchange', listed.exchanges === 0)
  expect(
    'what is not denied goes out with the caller’s own token',
    listed.arrivals.every(({ isOwnToken }) => isOwnToken),
  )
  terminal.step('✓', 'forwarded', `${describeAnswer(listed.answer)}, untouched`, 'green')

  for (const tool of ['list_files', 'get_server_info']) {
    await playStepUp(scene, root, invocation(tool), `mcp:${tool}`)
  }
}

export function invocation(tool: string) {
  const json = { tool_name: tool, kwargs: {} }
  return { method: 'POST', path: '/v1/tool-runtime/invoke', json } as const
}
