import type { PolicyMistake } from './policy-mistake.ts'
import { parseRoutePath } from './route-path.ts'
import type { RouteRule } from './route-rule.ts'

/** Routes whose every method an earlier one with the same path takes already: the first match wins. */
export function findUnreachable(routes: readonly RouteRule[]): readonly PolicyMistake[] {
  const mistakes: PolicyMistake[] = []
  const earlier = new Map<string, RouteRule[]>()
  for (const route of routes) {
    const shape = shapeOf(route.path)
    const rivals = earlier.get(shape) ?? []
    const winner = rivals.find((rival) => rival.methods === undefined)
    const lines = winner === undefined ? coveringLines(route, rivals) : [winner.line]
    if (lines.length > 0) {
      const reason = `never reached: the route of line ${lines.join(', ')} matches first; cut one`
      mistakes.push({ line: route.line, reason })
    }
    rivals.push(route)
    earlier.set(shape, rivals)
  }
  return mistakes
}

/** Empty where at least one method is left for the route. */
function coveringLines(route: RouteRule, rivals: readonly RouteRule[]): readonly number[] {
  if (route.methods === undefined || route.methods.length === 0) return []
  const lines = new Set<number>()
  for (const method of route.methods) {
    const winner = rivals.find((rival) => rival.methods?.includes(method) === true)
    if (winner === undefined) return []
    lines.add(winner.line)
  }
  return [...lines]
}

/** Two paths of one shape match the same requests: the names of parameters play no part. */
function shapeOf(path: string): string {
  const segments = parseRoutePath(path)
  return JSON.stringify(
    segments.map((segment) => (segment.kind === 'literal' ? segment.text : [segment.kind])),
  )
}
