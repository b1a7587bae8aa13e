/** Not empty, no dot at a segment's start, no escape, no empty segment: canonical already, in one linear pass. */
const PLAIN_PATH = /^(?:\/[\w~!$&'()*+,:@=-][\w~!$&'()*+,:@=.;-]*)+$/
/** RFC 3986 knows neither of them in a request target, nor does RFC 9112 §3.2.1. */
const FOREIGN_CHARACTER = /[^\x21-\x7e]|#/
/** `..;x` too: Java's servers cut `;x` from a segment before they walk its dots. */
const DOT_SEGMENT = /(?:^|\/)\.{1,2}(?:$|[/;])/
const CONTROL_CHARACTER = /\p{Cc}/u

/**
 * The one path that policy matches, from a request target as it was sent: query cut, percent-decoded once as UTF-8,
 * all trailing slashes cut (the root stays `/`). What is forwarded are the bytes of the target, never this.
 *
 * `undefined` stands for a target that cannot be matched safely, since some upstream would read another path in it:
 * anything but the origin form with a single leading slash (also once decoded), dot segments and backslashes
 * in any spelling, control characters, `#`, characters outside ASCII, broken escapes, broken UTF-8.
 *
 * Double slashes inside stay as they are, because Starlette keeps them too: `/v1//files` is not `/v1/files` there,
 * and a policy that took it for that would name scopes for a route that the upstream does not serve.
 * An upstream that folds them denies as usual, and the denial is passed on.
 */
export function canonicalPath(target: string): string | undefined {
  const queryStart = target.indexOf('?')
  const path = queryStart === -1 ? target : target.slice(0, queryStart)
  if (queryStart !== -1 && FOREIGN_CHARACTER.test(target)) return undefined
  return PLAIN_PATH.test(path) ? path : decodedPath(path)
}

function decodedPath(path: string): string | undefined {
  if (!path.startsWith('/') || FOREIGN_CHARACTER.test(path)) return undefined
  const decoded = percentDecoded(path)
  if (decoded === undefined || decoded.startsWith('//') || decoded.includes('\\')) return undefined
  if (DOT_SEGMENT.test(decoded) || CONTROL_CHARACTER.test(decoded)) return undefined
  return withoutTrailingSlashes(decoded)
}

function percentDecoded(path: string): string | undefined {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

function withoutTrailingSlashes(path: string): string {
  let end = path.length
  while (end > 1 && path[end - 1] === '/') end -= 1
  return end === path.length ? path : path.slice(0, end)
}
