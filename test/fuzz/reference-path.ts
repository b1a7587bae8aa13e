/** Percent-decoding octet by octet, once, as an upstream does it; `undefined` for broken escapes and broken UTF-8. */
export function decodeOnce(text: string): string | undefined {
  const octets: number[] = []
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code !== 0x25) {
      octets.push(code)
      continue
    }
    const hex = text.slice(i + 1, i + 3)
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) return undefined
    octets.push(Number.parseInt(hex, 16))
    i += 2
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(octets),
    )
  } catch {
    return undefined
  }
}

/** The canonical path by the words of its definition, slowly: one rule after the other over the whole text. */
export function referencePath(target: string): string | undefined {
  for (const character of target) {
    const code = character.charCodeAt(0)
    if (code < 0x21 || code > 0x7e || character === '#') return undefined
  }
  const [path = ''] = target.split('?', 1)
  if (!path.startsWith('/')) return undefined
  const decoded = decodeOnce(path)
  if (decoded === undefined || decoded.startsWith('//')) return undefined
  for (const character of decoded) {
    const code = character.charCodeAt(0)
    const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f)
    if (isControl || character === '\\') return undefined
  }
  for (const segment of decoded.split('/')) {
    const [name] = segment.split(';', 1)
    if (name === '.' || name === '..') return undefined
  }
  let kept = decoded
  while (kept.length > 1 && kept.endsWith('/')) kept = kept.slice(0, -1)
  return kept
}
