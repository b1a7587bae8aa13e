import { open, stat } from 'node:fs/promises'
import { readErrorCode } from '../error-code.ts'
import { FileError } from './file-error.ts'

/** Changes with the file itself, its place and its times; `stat` follows symbolic links. */
export async function identifyFile(path: string): Promise<string> {
  const found = await stat(path, { bigint: true })
  // Opening a pipe would wait for a writer.
  if (!found.isFile()) throw new FileError('ERR_FILE_UNREADABLE', 'is not a regular file')
  const { dev, ino, size, mtimeNs, ctimeNs } = found
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

/** A whole regular file as UTF-8 text. Rejects with Node's error, or with a `FileError` for one of more than `maxBytes`. */
export async function readBounded(path: string, maxBytes: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(maxBytes + 1)
    let length = 0
    while (length <= maxBytes) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length)
      if (bytesRead === 0) return buffer.toString('utf8', 0, length)
      length += bytesRead
    }
    throw new FileError('ERR_FILE_TOO_LARGE', `is larger than ${maxBytes} bytes`)
  } finally {
    await file.close()
  }
}

export function toFileError(cause: unknown): FileError {
  if (cause instanceof FileError) return cause
  const message = `cannot be read (${readErrorCode(cause)})`
  return new FileError('ERR_FILE_UNREADABLE', message, { cause })
}
