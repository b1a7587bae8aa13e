import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Authentication, Caller } from './access-token.ts'
import { sendError } from './call.ts'
import type { Refusal } from './refusals.ts'
import { refuseRoute, refuseScope } from './refusals.ts'
import type { ReadBody } from './request-body.ts'
import { readBody } from './request-body.ts'
import type { Guard, Route } from './routes.ts'
import { scopeOfTool } from './tools.ts'

export interface Resource {
  readonly routes: readonly Route[]
  authenticate(authorization: string | undefined): Promise<Authentication>
  /** Told of each body that was read; a refusal of a route leaves it unread. */
  onBody(body: ReadBody): void
  readonly signal: AbortSignal
}

const KEEP_BYTES = 32 * 1024 * 1024
const ANYBODY: Caller = { sub: '', scopes: new Set() }

/** Authenticates, refuses or handles one request. Refusals come before the body is read, except where the body names the tool. */
export async function serveCall(
  resource: Resource,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = decodePath(request.url ?? '/')
  const found = findRoute(resource.routes, request.method ?? 'GET', path)
  const caller = await admit(resource, found?.route.guard, request, response)
  if (caller === undefined) return
  if (found === undefined) {
    refuse(response, refuseRoute(path))
    return
  }
  const { route, parameters } = found
  const early = checkScope(route.guard, caller, path)
  if (early !== undefined) {
    refuse(response, early)
    return
  }
  const body = await readBody(request, KEEP_BYTES)
  resource.onBody(body)
  const late = checkTool(route.guard, caller, path, body)
  if (late !== undefined) {
    refuse(response, late)
    return
  }
  const contentType = request.headers['content-type'] ?? ''
  const { signal } = resource
  await route.handle({ caller, contentType, body, parameters, response, signal })
}

async function admit(
  resource: Resource,
  guard: Guard | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Caller | undefined> {
  if (guard?.kind === 'open') return ANYBODY
  // Of several Authorization fields the last one counts.
  const { authorization } = request.headersDistinct
  const authentication = await resource.authenticate(authorization?.at(-1))
  if (authentication.kind === 'caller') return authentication.caller
  sendError(response, authentication.status, authentication.message)
  return undefined
}

function findRoute(routes: readonly Route[], method: string, path: string) {
  for (const route of routes) {
    const match = route.method === method ? route.pattern.exec(path) : null
    if (match !== null) return { route, parameters: match.slice(1) }
  }
  return undefined
}

function decodePath(target: string): string {
  const [path = '/'] = target.split('?')
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function checkScope(guard: Guard, caller: Caller, path: string): Refusal | undefined {
  if (guard.kind !== 'scope' || caller.scopes.has(guard.scope)) return undefined
  return guard.style === 'route' ? refuseRoute(path) : refuseScope(guard.scope)
}

function checkTool(
  guard: Guard,
  caller: Caller,
  path: string,
  body: ReadBody,
): Refusal | undefined {
  const scope = guard.kind === 'tool' ? scopeOfTool(body) : undefined
  if (guard.kind !== 'tool' || scope === undefined) return undefined
  return checkScope({ kind: 'scope', scope, style: guard.style }, caller, path)
}

function refuse(response: ServerResponse, { status, message, headers }: Refusal): void {
  sendError(response, status, message, headers)
}
