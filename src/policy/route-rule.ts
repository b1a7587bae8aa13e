/** One entry of the policy file's `routes`, checked whole. */
export interface RouteRule {
  /** Upper case; `undefined`: every method. */
  readonly methods: readonly string[] | undefined
  /** Canonical; a segment `:name` stands for any one, a final `*` for any rest, an empty one too. */
  readonly path: string
  /** Sorted, never empty; `undefined`: the entry names none. */
  readonly scopes: readonly string[] | undefined
  readonly preempt: boolean | undefined
  /** Sorted, never empty. */
  readonly audience: readonly string[] | undefined
  readonly replay: 'never' | undefined
  /** Where the entry begins in the file, from 1. */
  readonly line: number
}

export interface PolicyFile {
  /** The order of the operator, most wanted first. */
  readonly prefer: readonly string[]
  readonly routes: readonly RouteRule[]
}
