import { createAgents } from './agents.ts'
import type { Handler } from './call.ts'
import { sendJson } from './call.ts'
import { createChatCompletions } from './chat-completions.ts'
import { listFiles, uploadFile } from './files.ts'
import { listModels, showModel } from './models.ts'
import type { RefusalStyle } from './refusals.ts'
import { invokeTool, listTools } from './tools.ts'

export interface Route {
  readonly name: string
  readonly method: 'GET' | 'POST'
  /** Against the percent-decoded path without query. */
  readonly pattern: RegExp
  readonly guard: Guard
  readonly handle: Handler
}

export type Guard =
  | { readonly kind: 'open' }
  /** Any token that verifies. */
  | { readonly kind: 'token' }
  | { readonly kind: 'scope'; readonly scope: string; readonly style: RefusalStyle }
  /** The scope depends on the tool that the body names. */
  | { readonly kind: 'tool'; readonly style: RefusalStyle }

const OPEN = { kind: 'open' } as const
const TOKEN = { kind: 'token' } as const

/** The part of Llama Stack's API that the demo and the tests use, and what each route wants of a token. */
export function createRoutes(chunkDelayMs: number): readonly Route[] {
  const agents = createAgents()
  const agent = scope('llama:agent_create', 'route')
  const session = scope('llama:agent_session_create', 'route')
  const chat = scope('llama:inference_chat_completion', 'route')
  const files = scope('mcp:list_files', 'rfc6750')
  const answerChat = createChatCompletions(chunkDelayMs)
  return [
    get('health', /^\/v1\/health$/, OPEN, ({ response }) =>
      sendJson(response, 200, { status: 'OK' }),
    ),
    get('models', /^\/v1\/models$/, TOKEN, listModels),
    get('models', /^\/v1\/models\/(.+)$/, TOKEN, showModel),
    post('chat-completions', /^\/v1\/chat\/completions$/, chat, answerChat),
    get('agents', /^\/v1\/agents$/, TOKEN, agents.list),
    post('agents', /^\/v1\/agents$/, agent, agents.create),
    post('sessions', /^\/v1\/agents\/([^/]+)\/session$/, session, agents.openSession),
    get('files', /^\/v1\/files$/, files, listFiles),
    post('files', /^\/v1\/files$/, files, uploadFile),
    get('tools', /^\/v1\/tool-runtime\/list-tools$/, TOKEN, listTools),
    post(
      'tool-invocation',
      /^\/v1\/tool-runtime\/invoke$/,
      { kind: 'tool', style: 'rfc6750' },
      invokeTool,
    ),
  ]
}

/** Gives the named routes another way to refuse. */
export function restyle(
  routes: readonly Route[],
  styles: Readonly<Record<string, RefusalStyle>>,
): readonly Route[] {
  return routes.map((route) => {
    const style = styles[route.name]
    if (style === undefined || !('style' in route.guard)) return route
    return { ...route, guard: { ...route.guard, style } }
  })
}

function scope(name: string, style: RefusalStyle): Guard {
  return { kind: 'scope', scope: name, style }
}

function get(name: string, pattern: RegExp, guard: Guard, handle: Handler): Route {
  return { name, method: 'GET', pattern, guard, handle }
}

function post(name: string, pattern: RegExp, guard: Guard, handle: Handler): Route {
  return { name, method: 'POST', pattern, guard, handle }
}
