import type { Pair, YAMLMap, YAMLSeq } from 'yaml'
import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { PolicyMistake } from './policy-mistake.ts'
import type { YamlDocument } from './read-yaml.ts'

/** Typed access to the nodes of one document; what has the wrong type is noted, and the reading goes on. */
export interface YamlReader {
  readonly mistakes: readonly PolicyMistake[]
  complain(node: unknown, reason: string): void
  lineOf(node: unknown): number
  /** The entries of a mapping by key; a key that is not among `known` is a mistake, as is anything but a mapping. */
  fields(
    node: unknown,
    what: string,
    known: readonly string[],
  ): ReadonlyMap<string, YamlField> | undefined
  /** Never empty: an empty list is a mistake, as is anything else. */
  list(field: YamlField, example: string): readonly unknown[] | undefined
  text(node: unknown, what: string): string | undefined
  boolean(field: YamlField, what: string): boolean | undefined
}

export interface YamlField {
  readonly key: unknown
  readonly value: unknown
}

export function createYamlReader({ document, lineOf }: YamlDocument): YamlReader {
  const mistakes: PolicyMistake[] = []

  function complain(node: unknown, reason: string): void {
    mistakes.push({ line: lineOf(node), reason })
  }

  function resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(document) : node
  }

  function mapping(node: unknown, what: string): YAMLMap | undefined {
    const value = resolved(node)
    if (isMap(value)) return value
    complain(node, `${what} is a mapping of keys to values`)
    return undefined
  }

  function field(pair: Pair, known: readonly string[]): [string, YamlField] | undefined {
    const key = isScalar(pair.key) ? pair.key.value : undefined
    if (typeof key === 'string' && known.includes(key)) {
      return [key, { key: pair.key, value: pair.value }]
    }
    const name = typeof key === 'string' ? `unknown key "${shortened(key)}"` : 'unknown key'
    complain(pair.key, `${name}: known here are ${known.join(', ')}`)
    return undefined
  }

  return {
    mistakes,
    complain,
    lineOf,
    fields(node, what, known) {
      const pairs = mapping(node, what)?.items
      return (
        pairs &&
        new Map(pairs.map((pair) => field(pair, known)).filter((entry) => entry !== undefined))
      )
    },
    list({ key, value }, example) {
      const sequence = resolved(value)
      if (isNonEmptySequence(sequence)) return sequence.items
      const reason = isSeq(sequence) ? 'is an empty list' : 'is no list'
      complain(key, `${keyName(key)} ${reason}: write e.g. ${example}`)
      return undefined
    },
    text(node, what) {
      const value = resolved(node)
      if (isScalar(value) && typeof value.value === 'string') return value.value
      complain(node, `${what} is a text`)
      return undefined
    },
    boolean({ key, value }, what) {
      const scalar = resolved(value)
      if (isScalar(scalar) && typeof scalar.value === 'boolean') return scalar.value
      complain(key, `${what} is true or false`)
      return undefined
    },
  }
}

function isNonEmptySequence(node: unknown): node is YAMLSeq {
  return isSeq(node) && node.items.length > 0
}

function keyName(key: unknown): string {
  return isScalar(key) && typeof key.value === 'string' ? key.value : 'the value'
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
