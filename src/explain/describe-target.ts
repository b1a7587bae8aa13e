import { canonicalPath } from '../policy/canonical-path.ts'

/** With scheme and host (RFC 9112 §3.2.2), as clients send it to proxies of another kind. */
const ABSOLUTE = /^[a-z][a-z\d+.-]*:\/\//i
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:$|[/;?]|%2f)/i

/** Why a target is refused at the door, where it is one of the usual slips; `undefined`: something else. */
export function describeTarget(target: string): string | undefined {
  if (ABSOLUTE.test(target)) return 'a path is wanted, without scheme and host'
  if (!target.startsWith('/')) return 'a path begins with `/`'
  const [beforeFragment = ''] = target.split('#', 1)
  if (beforeFragment !== target && canonicalPath(beforeFragment) !== undefined) {
    return 'a fragment (`#…`) is never sent: leave it out'
  }
  const [path = ''] = beforeFragment.split('?', 1)
  return DOT_SEGMENT.test(path)
    ? 'no dot segments (`.` and `..`), since servers differ in what they make of them'
    : undefined
}
