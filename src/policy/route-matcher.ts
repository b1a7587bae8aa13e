import type { PathSegment } from './route-path.ts'
import { parseRoutePath } from './route-path.ts'

export interface MatchableRoute {
  /** `undefined`: every method. */
  readonly methods: readonly string[] | undefined
  /** As `checkRoutePath` passes it. */
  readonly path: string
}

export interface RouteMatcher<R> {
  /** The first of the routes that matches; `path` is canonical. */
  match(method: string, path: string): R | undefined
}

/** A node of the tree of segments; both lists are in the order of the routes. */
interface Branch {
  readonly literals: Map<string, Branch>
  any: Branch | undefined
  readonly endsHere: Entry[]
  readonly takesRest: Entry[]
  /** The first route below: nothing here can win against an earlier one. */
  earliest: number
}

interface Entry {
  readonly index: number
  readonly methods: ReadonlySet<string> | undefined
}

/**
 * First match wins. A tree of segments: a literal path costs one step for each of its segments however many routes
 * there are, and a `:name` beside a literal walks both, at most the whole tree. Nothing is allocated but the segments.
 */
export function createRouteMatcher<R extends MatchableRoute>(
  routes: readonly R[],
): RouteMatcher<R> {
  const root = createBranch()
  for (const [index, route] of routes.entries()) {
    const methods = route.methods && new Set(route.methods)
    plant(root, parseRoutePath(route.path), { index, methods })
  }
  return {
    match: (method, path) => routes[findEarliest(root, method, path, 1, Number.POSITIVE_INFINITY)],
  }
}

function createBranch(): Branch {
  const earliest = Number.POSITIVE_INFINITY
  return { literals: new Map(), any: undefined, endsHere: [], takesRest: [], earliest }
}

function plant(root: Branch, segments: readonly PathSegment[], entry: Entry): void {
  let branch = root
  branch.earliest = Math.min(branch.earliest, entry.index)
  for (const segment of segments) {
    if (segment.kind === 'rest') {
      branch.takesRest.push(entry)
      return
    }
    branch = growBranch(branch, segment)
    branch.earliest = Math.min(branch.earliest, entry.index)
  }
  branch.endsHere.push(entry)
}

function growBranch(branch: Branch, segment: Exclude<PathSegment, { kind: 'rest' }>): Branch {
  if (segment.kind === 'any') {
    branch.any ??= createBranch()
    return branch.any
  }
  const present = branch.literals.get(segment.text)
  if (present !== undefined) return present
  const grown = createBranch()
  branch.literals.set(segment.text, grown)
  return grown
}

/** The smallest index that matches and lies below `best`, else `best`. `start` is where the next segment begins. */
function findEarliest(
  branch: Branch,
  method: string,
  path: string,
  start: number,
  best: number,
): number {
  if (branch.earliest >= best) return best
  let earliest = firstOf(branch.takesRest, method, best)
  if (start >= path.length) return firstOf(branch.endsHere, method, earliest)
  const slash = path.indexOf('/', start)
  const end = slash === -1 ? path.length : slash
  const literal = branch.literals.get(path.slice(start, end))
  // Past the last segment `start` lies beyond the path, which a path that ends in a slash could not reach.
  if (literal !== undefined) earliest = findEarliest(literal, method, path, end + 1, earliest)
  if (branch.any !== undefined && end > start) {
    earliest = findEarliest(branch.any, method, path, end + 1, earliest)
  }
  return earliest
}

function firstOf(entries: readonly Entry[], method: string, best: number): number {
  for (const { index, methods } of entries) {
    if (index >= best) return best
    if (methods === undefined || methods.has(method)) return index
  }
  return best
}
