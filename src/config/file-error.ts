type FileErrorCode = 'ERR_FILE_UNREADABLE' | 'ERR_FILE_TOO_LARGE'

/** Its message follows the name of the setting: `cannot be read (ENOENT)`; it holds neither path nor content. */
export class FileError extends Error {
  readonly code: FileErrorCode

  constructor(code: FileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'FileError'
    this.code = code
  }
}
