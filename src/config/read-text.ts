import { FileError } from './file-error.ts'

/**
 * Reads a whole file as UTF-8 text, or throws Node's error, or a `FileError` for what is no regular file or has more than
 * `maxBytes`. Without that bound the reader has one of its own.
 */
export type ReadFile = (path: string, maxBytes?: number) => string

export type FileText =
  | { readonly kind: 'text'; readonly text: string }
  /** `code` is Node's, e.g. `ENOENT`, or says in words what kind of file cannot be read: it names no path. */
  | { readonly kind: 'unreadable'; readonly code: string }

export function readText(readFile: ReadFile, path: string, maxBytes?: number): FileText {
  try {
    return { kind: 'text', text: readFile(path, maxBytes) }
  } catch (error) {
    const isOurs = error instanceof FileError
    return { kind: 'unreadable', code: isOurs ? withoutVerb(error) : readErrorCode(error) }
  }
}

function withoutVerb({ message }: FileError): string {
  return message.replace(/^is /, '')
}

/** The `code` of an error of Node, e.g. `ENOENT`; `unknown` where it has none. */
export function readErrorCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return 'unknown'
  return typeof error.code === 'string' ? error.code : 'unknown'
}
