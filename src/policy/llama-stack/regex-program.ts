import type { CharacterSet } from './regex-characters.ts'
import { RegexError } from './regex-reader.ts'
import type { Assertion, RegexNode } from './regex-syntax.ts'

/** An instruction names those that may come after it by their place in the program. */
export type Instruction =
  | { readonly kind: 'set'; readonly set: CharacterSet; readonly next: number }
  | { readonly kind: 'fork'; readonly next: readonly number[] }
  | { readonly kind: 'assertion'; readonly assertion: Assertion; readonly next: number }
  | { readonly kind: 'accept' }

export interface RegexProgram {
  readonly instructions: readonly Instruction[]
  readonly start: number
  /** Whether a character outside ASCII can be judged here as Python judges it. */
  readonly isAsciiOnly: boolean
}

/** Bounds the work of one match: so many steps for each character of a path, at most. */
const MAX_INSTRUCTIONS = 500

/** Thompson's construction, from the end to the start. Throws `RegexError`. */
export function compileRegex(node: RegexNode): RegexProgram {
  const instructions: Instruction[] = []
  let isAsciiOnly = false

  function add(instruction: Instruction): number {
    if (instructions.length >= MAX_INSTRUCTIONS) {
      throw new RegexError('unsupported', 'the expression is too large')
    }
    return instructions.push(instruction) - 1
  }

  function compile(node: RegexNode, next: number): number {
    switch (node.kind) {
      case 'set':
        isAsciiOnly ||= node.set.classes.length > 0
        return add({ kind: 'set', set: node.set, next })
      case 'assertion':
        isAsciiOnly ||= node.assertion.endsWith('boundary')
        return add({ kind: 'assertion', assertion: node.assertion, next })
      case 'sequence':
        return node.nodes.reduceRight((after, part) => compile(part, after), next)
      case 'alternatives': {
        const starts = node.nodes.map((part) => compile(part, next))
        return add({ kind: 'fork', next: starts })
      }
      case 'repeat':
        return compileRepeat(node.node, node.min, node.max, next)
    }
  }

  function compileRepeat(body: RegexNode, min: number, max: number, next: number): number {
    let start = max === Number.POSITIVE_INFINITY ? compileStar(body, next) : next
    for (let times = min; times < max && max !== Number.POSITIVE_INFINITY; times += 1) {
      start = add({ kind: 'fork', next: [compile(body, start), next] })
    }
    for (let times = 0; times < min; times += 1) {
      // Repeating nothing costs no instruction, so it would never meet the bound.
      const before = compile(body, start)
      if (before === start) break
      start = before
    }
    return start
  }

  function compileStar(body: RegexNode, next: number): number {
    const targets = [next]
    const fork = add({ kind: 'fork', next: targets })
    targets.push(compile(body, fork))
    return fork
  }

  const start = compile(node, add({ kind: 'accept' }))
  return { instructions, start, isAsciiOnly }
}
