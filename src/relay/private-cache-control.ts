/** What lets a shared cache keep an answer to a request with Authorization (RFC 9111 §3.5). */
const SHARED = new Set(['public', 's-maxage', 'must-revalidate', 'proxy-revalidate'])

/** The directives of a Cache-Control value with `private` in place of those that open it to a shared cache. */
export function privateCacheControl(value: string | undefined): string {
  const directives = splitDirectives(value ?? '').filter(
    (directive) => !SHARED.has(nameOf(directive)),
  )
  if (directives.some((directive) => ['private', 'no-store'].includes(directive.toLowerCase()))) {
    return directives.join(', ')
  }
  // `private="field"` narrows the word to one field: it does not keep the answer out of a shared cache.
  return ['private', ...directives.filter((directive) => nameOf(directive) !== 'private')].join(
    ', ',
  )
}

function nameOf(directive: string): string {
  return (directive.split('=', 1)[0] ?? '').trim().toLowerCase()
}

/** At commas outside of quoted strings (RFC 9110 §5.6.4). */
function splitDirectives(value: string): string[] {
  const directives: string[] = []
  let start = 0
  let isQuoted = false
  for (let i = 0; i <= value.length; i += 1) {
    const character = value[i]
    if (isQuoted && character === '\\') i += 1
    else if (character === '"') isQuoted = !isQuoted
    else if (i === value.length || (character === ',' && !isQuoted)) {
      const directive = value.slice(start, i).trim()
      if (directive !== '') directives.push(directive)
      start = i + 1
    }
  }
  return directives
}
