import { matchesStart } from './regex-match.ts'
import type { RegexProgram } from './regex-program.ts'
import { compileRegex } from './regex-program.ts'
import { RegexError } from './regex-reader.ts'
import { parseRegexSyntax } from './regex-syntax.ts'
import type { Truth } from './truth.ts'

/** One of a rule's `paths`, as `route_access._route_matches` (OGX 1.5.0) reads it. */
export type PathPattern =
  | { readonly kind: 'all' }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'exact'; readonly path: string }
  | { readonly kind: 'regex'; readonly program: RegexProgram }
  /** Python refuses the expression, and OGX skips it. */
  | { readonly kind: 'never' }
  /** Nobody here can say; only that a path it matches begins with `prefix`. */
  | { readonly kind: 'unknown'; readonly prefix: string; readonly reason: string }

const REGEX_MARK = 'regex:'
const MAX_REGEX_CHARACTERS = 1000
/** A longer path is given to no expression. */
const MAX_REGEX_PATH_CHARACTERS = 2048
const NON_ASCII = /[\u0080-\uffff]/

export function parsePathPattern(text: string): PathPattern {
  if (text === '*') return { kind: 'all' }
  if (text.startsWith(REGEX_MARK)) return parseRegexPattern(text.slice(REGEX_MARK.length))
  if (text.endsWith('*')) return { kind: 'prefix', prefix: text.slice(0, -1) }
  return { kind: 'exact', path: text }
}

/** `path` is canonical. */
export function matchPath(pattern: PathPattern, path: string): Truth {
  switch (pattern.kind) {
    case 'all':
      return 'yes'
    case 'prefix':
      return path.startsWith(pattern.prefix) ? 'yes' : 'no'
    case 'exact':
      return path === pattern.path ? 'yes' : 'no'
    case 'regex':
      if (path.length > MAX_REGEX_PATH_CHARACTERS) return 'maybe'
      if (pattern.program.isAsciiOnly && NON_ASCII.test(path)) return 'maybe'
      return matchesStart(pattern.program, path) ? 'yes' : 'no'
    case 'never':
      return 'no'
    case 'unknown':
      return path.startsWith(pattern.prefix) ? 'maybe' : 'no'
  }
}

function parseRegexPattern(source: string): PathPattern {
  if (source.length > MAX_REGEX_CHARACTERS) {
    const reason = `the expression is longer than ${MAX_REGEX_CHARACTERS} characters`
    return { kind: 'unknown', prefix: '', reason }
  }
  try {
    return { kind: 'regex', program: compileRegex(parseRegexSyntax(source)) }
  } catch (error) {
    if (!(error instanceof RegexError)) throw error
    if (error.code === 'invalid') return { kind: 'never' }
    const reason = `the expression has ${error.message}`
    return { kind: 'unknown', prefix: literalPrefix(source), reason }
  }
}

/** The plain characters that every match must begin with; none where an alternative could begin otherwise. */
function literalPrefix(source: string): string {
  if (source.includes('|')) return ''
  const plain = /^[^\\^$.[\](){}*+?]*/.exec(source)?.[0] ?? ''
  const isLastOptional = /^[*?{]/.test(source.slice(plain.length))
  return isLastOptional ? [...plain].slice(0, -1).join('') : plain
}
