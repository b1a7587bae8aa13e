import { METHODS } from 'node:http'
import { isSeq } from 'yaml'
import {
  fitsScopeParameter,
  isUsableScopeToken,
  MAX_SCOPE_PARAMETER_CHARACTERS,
} from '../scope-token.ts'
import type { PolicyMistake } from './policy-mistake.ts'
import { sortMistakes } from './policy-mistake.ts'
import { readYaml } from './read-yaml.ts'
import { checkRoutePath } from './route-path.ts'
import type { PolicyFile, RouteRule } from './route-rule.ts'
import { findUnreachable } from './unreachable-routes.ts'
import type { YamlField, YamlReader } from './yaml-reader.ts'
import { createYamlReader } from './yaml-reader.ts'

/** Everything that is wrong in a policy file, at once. */
export class PolicyFileError extends Error {
  readonly code = 'ERR_POLICY_FILE'
  readonly mistakes: readonly PolicyMistake[]

  constructor(mistakes: readonly PolicyMistake[]) {
    const sorted = sortMistakes(mistakes)
    super(sorted.map(({ line, reason }) => `line ${line}: ${reason}`).join('\n'))
    this.name = 'PolicyFileError'
    this.mistakes = sorted
  }
}

const ROUTE_KEYS = ['match', 'scopes', 'preempt', 'audience', 'replay']
const MAX_ROUTES = 10_000

/**
 * POLICY_FILE, read strictly: what it says and nobody would act on is a mistake.
 * At most 1 MiB. Throws `PolicyFileError` with every mistake, its line and how to write it instead.
 */
export function parsePolicyFile(text: string): PolicyFile {
  const reading = readYaml(text, { version: '1.2' })
  if (reading.kind === 'mistakes') throw new PolicyFileError(reading.mistakes)
  const { document } = reading.yaml
  if (document.contents === null) {
    throw new PolicyFileError([
      { line: 1, reason: 'the file is empty: write e.g. prefer: [llama:models:read]' },
    ])
  }
  const reader = createYamlReader(reading.yaml)
  const fields = reader.fields(document.contents, 'the file', ['prefer', 'routes'])
  const prefer = fields?.get('prefer')
  const routes = fields?.get('routes')
  const file = {
    prefer: prefer === undefined ? [] : readScopes(reader, prefer),
    routes: routes === undefined ? [] : readRoutes(reader, routes),
  }
  const mistakes = [...reader.mistakes, ...findUnreachable(file.routes)]
  if (mistakes.length > 0) throw new PolicyFileError(mistakes)
  return file
}

function readRoutes(reader: YamlReader, field: YamlField): readonly RouteRule[] {
  // `routes: []` says plainly that there are none; an empty list elsewhere is more likely an oversight.
  if (isSeq(field.value) && field.value.items.length === 0) return []
  const nodes =
    reader.list(field, '[{ match: { path: /v1/files/* }, scopes: [llama:files] }]') ?? []
  if (nodes.length > MAX_ROUTES) {
    reader.complain(field.key, `more than ${MAX_ROUTES} routes`)
    return []
  }
  return nodes.map((node) => readRoute(reader, node)).filter((route) => route !== undefined)
}

function readRoute(reader: YamlReader, node: unknown): RouteRule | undefined {
  const fields = reader.fields(node, 'a route', ROUTE_KEYS)
  if (fields === undefined) return undefined
  const match = fields.get('match')
  const scopes = fields.get('scopes')
  const preempt = fields.get('preempt')
  const audience = fields.get('audience')
  const replay = fields.get('replay')
  const rule = {
    scopes: scopes && readNeededScopes(reader, scopes),
    preempt: preempt && reader.boolean(preempt, 'preempt'),
    audience: audience && readNames(reader, audience, '[llama-stack]').toSorted(),
    replay: replay && readReplay(reader, replay),
    line: reader.lineOf(node),
  }
  if (match === undefined) {
    reader.complain(node, 'a route needs match: { path: /v1/… }')
    return undefined
  }
  const matched = readMatch(reader, match.value)
  return matched && { ...matched, ...rule }
}

function readMatch(
  reader: YamlReader,
  node: unknown,
): Pick<RouteRule, 'methods' | 'path'> | undefined {
  const fields = reader.fields(node, 'match', ['method', 'path'])
  if (fields === undefined) return undefined
  const method = fields.get('method')
  const methods = method && readMethods(reader, method)
  const path = fields.get('path')
  if (path === undefined) {
    reader.complain(node, 'match needs a path, e.g. path: /v1/files/*')
    return undefined
  }
  const text = reader.text(path.value, 'path')
  if (text === undefined) return undefined
  const complaint = checkRoutePath(text)
  if (complaint === undefined) return { methods, path: text }
  reader.complain(path.value, complaint)
  return undefined
}

function readMethods(reader: YamlReader, field: YamlField): readonly string[] {
  const nodes = isSeq(field.value) ? reader.list(field, '[GET, POST]') : [field.value]
  return readDistinct(reader, nodes ?? [], 'a method', checkMethod)
}

function checkMethod(method: string): string | undefined {
  if (METHODS.includes(method)) {
    const isRefused = method === 'CONNECT' || method === 'TRACE'
    return isRefused ? `${method} is never forwarded: cut it` : undefined
  }
  const upperCase = method.toUpperCase()
  return METHODS.includes(upperCase)
    ? `a method is written in upper case: ${upperCase}`
    : 'unknown method: write e.g. GET or [GET, POST]'
}

function readScopes(reader: YamlReader, field: YamlField): readonly string[] {
  const nodes = reader.list(field, '[llama:files]') ?? []
  return readDistinct(reader, nodes, 'a scope', (scope) =>
    isUsableScopeToken(scope)
      ? undefined
      : 'a scope is one token of printable ASCII without spaces, quotes and backslashes (RFC 6749 §3.3)',
  )
}

/** Together they are the `scope` of one exchange. */
function readNeededScopes(reader: YamlReader, field: YamlField): readonly string[] {
  const scopes = readScopes(reader, field).toSorted()
  if (!fitsScopeParameter(scopes)) {
    reader.complain(
      field.key,
      `the scopes are more than ${MAX_SCOPE_PARAMETER_CHARACTERS} characters together, which Keycloak would ignore: name fewer`,
    )
  }
  return scopes
}

function readNames(reader: YamlReader, field: YamlField, example: string): readonly string[] {
  const nodes = reader.list(field, example) ?? []
  return readDistinct(reader, nodes, 'an audience', (name) =>
    /^[\x21-\x7e]{1,256}$/.test(name) ? undefined : 'an audience is printable ASCII without spaces',
  )
}

function readDistinct(
  reader: YamlReader,
  nodes: readonly unknown[],
  what: string,
  check: (text: string) => string | undefined,
): readonly string[] {
  const texts = new Set<string>()
  for (const node of nodes) {
    const text = reader.text(node, what)
    if (text === undefined) continue
    const complaint =
      check(text) ?? (texts.has(text) ? `${what} is listed twice: cut one` : undefined)
    if (complaint === undefined) texts.add(text)
    else reader.complain(node, complaint)
  }
  return [...texts]
}

function readReplay(reader: YamlReader, { key, value }: YamlField): 'never' | undefined {
  const text = reader.text(value, 'replay')
  if (text === 'never') return text
  if (text !== undefined) reader.complain(key, 'replay is never, or absent')
  return undefined
}
