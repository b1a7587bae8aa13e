/** Who has mistyped a path does not know the codes of the system. */
const IN_WORDS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file; a relative path starts in the current folder'],
  ['EACCES', 'its permissions, or those of a folder above it, do not let this user read it'],
])

/** Of a `FileText` without text: `cannot be read (ENOENT): …`. The path is not in it: it may be a secret in the wrong place. */
export function describeUnreadable({ code }: { readonly code: string }): string {
  const words = IN_WORDS.get(code)
  return `cannot be read (${code})${words === undefined ? '' : `: ${words}`}`
}
