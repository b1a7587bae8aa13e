/** Reads a whole file as UTF-8 text, or throws Node's error. */
export type ReadFile = (path: string) => string

export type FileText =
  | { readonly kind: 'text'; readonly text: string }
  /** `code` is Node's, e.g. `ENOENT`: it names no path. */
  | { readonly kind: 'unreadable'; readonly code: string }

export function readText(readFile: ReadFile, path: string): FileText {
  try {
    return { kind: 'text', text: readFile(path) }
  } catch (error) {
    return { kind: 'unreadable', code: readErrorCode(error) }
  }
}

/** The `code` of an error of Node, e.g. `ENOENT`; `unknown` where it has none. */
export function readErrorCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return 'unknown'
  return typeof error.code === 'string' ? error.code : 'unknown'
}
