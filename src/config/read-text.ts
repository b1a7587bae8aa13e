import { readErrorCode } from '../error-code.ts'
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
