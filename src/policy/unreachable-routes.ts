import type { PolicyMistake } from './policy-mistake.ts'
import type { PathSegment } from './route-path.ts'
import { parseRoutePath } from './route-path.ts'
import type { RouteRule } from './route-rule.ts'

/** Routes whose every request an earlier one takes already: the first match wins. */
export function findUnreachable(routes: readonly RouteRule[]): readonly PolicyMistake[] {
  const mistakes: PolicyMistake[] = []
  const earlier: { readonly route: RouteRule; readonly path: readonly PathSegment[] }[] = []
  for (const route of routes) {
    const path = parseRoutePath(route.path)
    const rivals = earlier.filter((rival) => covers(rival.path, path)).map((rival) => rival.route)
    const winner = rivals.find((rival) => rival.methods === undefined)
    const lines = winner === undefined ? coveringLines(route, rivals) : [winner.line]
    if (lines.length > 0) {
      const reason = `never reached: the route of line ${lines.join(', ')} matches first; cut one, or put this one before it`
      mistakes.push({ line: route.line, reason })
    }
    earlier.push({ route, path })
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

/** Whether every path that the narrow pattern matches is matched by the wide one too. */
function covers(wide: readonly PathSegment[], narrow: readonly PathSegment[]): boolean {
  for (const [index, segment] of wide.entries()) {
    if (segment.kind === 'rest') return true
    const other = narrow[index]
    if (other === undefined || other.kind === 'rest') return false
    if (segment.kind === 'literal' && !isSameLiteral(segment, other)) return false
  }
  return wide.length === narrow.length
}

function isSameLiteral(one: Extract<PathSegment, { kind: 'literal' }>, other: PathSegment) {
  return other.kind === 'literal' && other.text === one.text
}
