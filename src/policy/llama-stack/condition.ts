import { pythonWords } from './python-words.ts'
import type { Truth } from './truth.ts'

/** A condition of a rule, as it counts on a route, where there is no resource and so no owner. */
export type Condition = AttributeCondition | { readonly kind: 'fixed'; readonly truth: Truth }

export interface AttributeCondition {
  readonly kind: 'attribute'
  readonly attribute: string
  readonly value: string
  /** Whether the value must be among the attribute's, or must not. */
  readonly isWanted: boolean
}

/** `ogx.core.access_control.conditions.parse_condition` (1.5.0); `undefined` for what it refuses. */
export function parseCondition(text: string): Condition | undefined {
  const words = pythonWords(text)
  const [subject, second = '', third = '', fourth = ''] = words
  if (subject === 'resource') return words.join(' ') === 'resource is unowned' ? ALWAYS : undefined
  if (subject !== 'user') return undefined
  switch (words.length) {
    case 3:
      return words.join(' ') === 'user is owner' ? NEVER : undefined
    case 4:
      if (words.join(' ') === 'user is not owner') return ALWAYS
      return second === 'in' && third === 'owners' ? NEVER : undefined
    case 5:
      if (second === 'with' && fourth === 'in') return attribute(third, words[4], true)
      return second === 'not' && third === 'in' && fourth === 'owners' ? ALWAYS : undefined
    case 6:
      if (second !== 'with' || fourth !== 'not' || words[4] !== 'in') return undefined
      return attribute(third, words[5], false)
    default:
      return undefined
  }
}

const ALWAYS: Condition = { kind: 'fixed', truth: 'yes' }
const NEVER: Condition = { kind: 'fixed', truth: 'no' }

/** What stands for a condition that nobody here can evaluate. */
export const UNKNOWN_CONDITION: Condition = { kind: 'fixed', truth: 'maybe' }

/** `unless` holds where none of its conditions does: a conjunction of these. */
export function negated(condition: Condition): Condition {
  if (condition.kind === 'attribute') return { ...condition, isWanted: !condition.isWanted }
  if (condition.truth === 'maybe') return condition
  return condition.truth === 'yes' ? NEVER : ALWAYS
}

function attribute(value: string, name: string | undefined, isWanted: boolean): Condition {
  return { kind: 'attribute', attribute: name ?? '', value, isWanted }
}
