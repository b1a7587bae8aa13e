import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { FileError } from './file-error.ts'

/** As much as any file of ours may have where its reader names no bound of its own. */
const MAX_BYTES = 16_777_216

/**
 * A whole regular file as UTF-8 text: a `ReadFile`. Throws Node's error, or a `FileError` for one of more than `maxBytes` or
 * for what is no regular file: a pipe would be waited for without end, and a device has none.
 */
export function readRegularFile(path: string, maxBytes = MAX_BYTES): string {
  // Without O_NONBLOCK opening a pipe waits for its writer.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!fstatSync(file).isFile()) {
      throw new FileError('ERR_FILE_UNREADABLE', 'is not a regular file')
    }
    return readWhole(file, maxBytes)
  } finally {
    closeSync(file)
  }
}

/** To its end and not to its size, which is 0 for files that the system makes up. */
function readWhole(file: number, maxBytes: number): string {
  const chunks: Buffer[] = []
  let length = 0
  while (length <= maxBytes) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    const bytesRead = readSync(file, chunk)
    if (bytesRead === 0) return Buffer.concat(chunks).toString('utf8')
    chunks.push(chunk.subarray(0, bytesRead))
    length += bytesRead
  }
  throw new FileError('ERR_FILE_TOO_LARGE', `is larger than ${maxBytes} bytes`)
}

const CHUNK_BYTES = 65_536
