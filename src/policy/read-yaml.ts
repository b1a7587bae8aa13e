import type { CST, Document, ParsedNode, YAMLError } from 'yaml'
import { Composer, isCollection, LineCounter, Parser, visit } from 'yaml'
import type { PolicyMistake } from './policy-mistake.ts'

export interface YamlDocument {
  readonly document: Document.Parsed
  /** The line, from 1, where a node of the document begins. */
  lineOf(node: unknown): number
}

export type YamlReading =
  | { readonly kind: 'document'; readonly yaml: YamlDocument }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly PolicyMistake[] }

export interface YamlOptions {
  /** `1.1` is what PyYAML reads, with merge keys and repeated keys (the last one counts). */
  readonly version: '1.1' | '1.2'
}

/** A policy of a thousand routes has 150 KB. */
const MAX_YAML_BYTES = 1024 * 1024
/** An alias may stand for much text: more of them than this is no policy but a bomb. */
export const MAX_YAML_ALIASES = 100
/** The composer is recursive, and V8 ends the process where a regular expression is compiled near the stack's end. */
const MAX_YAML_DEPTH = 64

/** One YAML document, bounded in size, depth and aliases. */
export function readYaml(text: string, { version }: YamlOptions): YamlReading {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) {
    return oneMistake(1, `the file is larger than ${MAX_YAML_BYTES} bytes`)
  }
  const lines = new LineCounter()
  const tokens = [...new Parser(lines.addNewLine).parse(text)]
  const tooDeep = findTooDeep(tokens)
  if (tooDeep !== undefined) {
    return oneMistake(lineAt(lines, tooDeep.offset), `nested deeper than ${MAX_YAML_DEPTH} levels`)
  }
  const options = {
    version,
    prettyErrors: false,
    uniqueKeys: version === '1.2',
    lineCounter: lines,
  }
  const [document, second] = [...new Composer(options).compose(tokens, true, text.length)]
  if (document === undefined) return oneMistake(1, 'the file holds no YAML document')
  if (second !== undefined) {
    return oneMistake(lineAt(lines, second.range[0]), 'a second YAML document: write one only')
  }
  const mistakes = complaints(document, lines, version === '1.2')
  if (mistakes.length > 0) return { kind: 'mistakes', mistakes }
  return { kind: 'document', yaml: { document, lineOf: (node) => lineAt(lines, startOf(node)) } }
}

function complaints(
  document: Document.Parsed,
  lines: LineCounter,
  isStrict: boolean,
): readonly PolicyMistake[] {
  // A tag that we do not know is the other reader's business, but not in a file of our own.
  const problems = isStrict ? [...document.errors, ...document.warnings] : document.errors
  // In what is no YAML one mistake makes the next, and the first is where to look.
  const mistakes: PolicyMistake[] = problems.slice(0, 1).map((problem) => ({
    line: lineAt(lines, problem.pos[0]),
    reason: `no valid YAML: ${withoutQuotation(problem)}`,
  }))
  let aliases = 0
  visit(document, {
    Alias: () => {
      aliases += 1
    },
  })
  if (aliases > MAX_YAML_ALIASES) {
    mistakes.push({ line: 1, reason: `more than ${MAX_YAML_ALIASES} YAML aliases: write them out` })
  }
  return mistakes
}

/** The parser itself keeps a stack of its own, so this walk is the first that could recurse: it does not. */
function findTooDeep(tokens: readonly CST.Token[]): CST.Token | undefined {
  let level: readonly CST.Token[] = tokens
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_YAML_DEPTH) return level[0]
    level = level.flatMap(childrenOf)
  }
  return undefined
}

function childrenOf(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value]
  if (!('items' in token)) return []
  const children: CST.Token[] = []
  for (const { key, value } of token.items) {
    if (key) children.push(key)
    if (value) children.push(value)
  }
  return children
}

/** What follows a colon or begins with a backslash is text of the file, and a tag or directive stands anywhere in the message. */
function withoutQuotation({ code, message }: YAMLError): string {
  if (code === 'TAG_RESOLVE_FAILED') return 'a tag that is not known here'
  if (code === 'BAD_DIRECTIVE') return 'a directive that is not known here'
  return message.split(/(?<=\S): | \\/, 1)[0] ?? message
}

function startOf(node: unknown): number {
  return isParsed(node) ? node.range[0] : 0
}

function isParsed(node: unknown): node is ParsedNode {
  return (
    isCollection(node) ||
    (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
  )
}

function lineAt(lines: LineCounter, offset: number): number {
  return Math.max(1, lines.linePos(offset).line)
}

function oneMistake(line: number, reason: string): YamlReading {
  return { kind: 'mistakes', mistakes: [{ line, reason }] }
}
