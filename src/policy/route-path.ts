import { canonicalPath } from './canonical-path.ts'

/** What one segment of a route's path matches. */
export type PathSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'rest' }

const PARAMETER = /^:[A-Za-z_]\w*$/
const MAX_PATH_CHARACTERS = 2048

/** The segments of a path that `checkRoutePath` has passed; the root has none. */
export function parseRoutePath(path: string): readonly PathSegment[] {
  if (path === '/') return []
  const segments = path.slice(1).split('/')
  return segments.map((text, index) => {
    if (text === '*' && index === segments.length - 1) return { kind: 'rest' }
    return text.startsWith(':') ? { kind: 'any' } : { kind: 'literal', text }
  })
}

/** Why no request could ever match this path, with the remedy; `undefined`: it is well formed. */
export function checkRoutePath(path: string): string | undefined {
  if (!path.startsWith('/')) return 'a path begins with a slash, e.g. /v1/files'
  if (path.length > MAX_PATH_CHARACTERS) {
    return `a path has at most ${MAX_PATH_CHARACTERS} characters`
  }
  if (/[?#]/.test(path)) return 'a path has no query and no fragment: cut it before the ? or #'
  if (/\p{Cs}/u.test(path)) return 'a path is well-formed Unicode'
  if (path.includes('%')) return 'a path is matched decoded: write the character, not its %XX'
  const [, ...segments] = path.split('/')
  for (const [index, segment] of segments.entries()) {
    const complaint = checkSegment(segment, index === segments.length - 1, path === '/')
    if (complaint !== undefined) return complaint
  }
  // The rest of the rules (dot segments, backslashes, control characters) are those for a request.
  if (canonicalPath(encodeURI(path)) !== path) {
    return 'a path has no dot segments, backslashes or control characters'
  }
  return undefined
}

function checkSegment(segment: string, isLast: boolean, isRoot: boolean): string | undefined {
  if (segment === '' && !isRoot) {
    return isLast ? 'a path ends without a slash: cut it' : 'a path has no empty segments'
  }
  if (segment.includes('*') && !(isLast && segment === '*')) {
    return 'a * stands alone as the last segment, e.g. /v1/files/*'
  }
  if (segment.startsWith(':') && !PARAMETER.test(segment)) {
    return 'a segment that stands for any one is written :name, with letters, digits and _'
  }
  return undefined
}
