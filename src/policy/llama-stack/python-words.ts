/** What Python's `str.isspace` takes for white space: other characters than JavaScript's `\s`. */
const PYTHON_SPACES = new Set(
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
)

/** Python's `str.split()`. */
export function pythonWords(text: string): string[] {
  const words: string[] = []
  let start = 0
  for (let at = 0; at <= text.length; at += 1) {
    const character = text[at]
    if (character !== undefined && !PYTHON_SPACES.has(character)) continue
    if (at > start) words.push(text.slice(start, at))
    start = at + 1
  }
  return words
}
