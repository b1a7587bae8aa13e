import type { Group } from './check.ts'
import { framing } from './http/framing.ts'
import { hopByHop } from './http/hop-by-hop.ts'
import { methods } from './http/methods.ts'
import { targets } from './http/targets.ts'

/** The whole table, in the order in which it is printed. */
export const GROUPS: readonly Group[] = [
  { title: 'HTTP rules', lines: [hopByHop, targets, methods, framing] },
]
