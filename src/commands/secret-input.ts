import type { Readable } from 'node:stream'
import { describeUnreadable } from '../config/describe-unreadable.ts'
import type { ReadFile } from '../config/read-text.ts'
import { readText } from '../config/read-text.ts'
import type { Environment } from '../config/read-variables.ts'
import { cutTrailingNewline } from '../config/secret-files.ts'
import type { Secret } from '../secret.ts'
import { createSecret } from '../secret.ts'
import type { TokenArgument } from './parse-arguments.ts'

/** Standard input, which may be a terminal. */
export interface SecretInput {
  readonly stream: Readable & {
    readonly isTTY?: boolean | undefined
    setRawMode?(isRaw: boolean): unknown
  }
  readonly readFile: ReadFile
  /** Shown where a terminal waits for somebody to type. */
  readonly prompt: (text: string) => void
}

/** What was to be given and was not; its text holds nothing of it. */
export class SecretInputError extends Error {
  readonly code = 'ERR_SECRET_INPUT'
}

const MAX_CHARACTERS = 131_072
/** Longest wait for a token or password on standard input. */
const TIMEOUT_MS = 120_000

/** A token out of a file, standard input (`-`) or the command line; `Bearer ` before it is cut. */
export async function readToken(argument: TokenArgument, input: SecretInput): Promise<Secret> {
  const text = argument.kind === 'text' ? argument.text : await readAll(argument.path, input)
  const token = text.trim().replace(/^bearer +/i, '')
  if (token === '') throw new SecretInputError('there is no token where one was to be')
  return createSecret(token)
}

/** A password out of SCOPELIFT_LOGIN_PASSWORD(_FILE), else the first line of standard input, which a terminal does not show. */
export async function readPassword(env: Environment, input: SecretInput): Promise<Secret> {
  const { SCOPELIFT_LOGIN_PASSWORD: text = '', SCOPELIFT_LOGIN_PASSWORD_FILE: path = '' } = env
  if (text !== '' && path !== '') {
    throw new SecretInputError(
      'SCOPELIFT_LOGIN_PASSWORD_FILE is set beside SCOPELIFT_LOGIN_PASSWORD: one of the two must go',
    )
  }
  if (text !== '') return createSecret(text)
  if (path !== '') return createSecret(cutTrailingNewline(readWhole(path, input)))
  const password = await readLine(input)
  if (password === '') throw new SecretInputError('there is no password on standard input')
  return createSecret(password)
}

async function readAll(path: string, input: SecretInput): Promise<string> {
  if (path !== '-') return readWhole(path, input)
  let text = ''
  for await (const chunk of chunksOf(input)) text += chunk
  return text
}

function readWhole(path: string, { readFile }: SecretInput): string {
  const file = readText(readFile, path)
  if (file.kind === 'text') return file.text
  throw new SecretInputError(`the file with the token or password ${describeUnreadable(file)}`)
}

const END_OF_LINE = /[\r\n]/
const INTERRUPT = '\u0003'
const END_OF_INPUT = '\u0004'
const ERASE = new Set(['\u007f', '\b'])

/** In raw mode a terminal shows nothing, and gives no meaning to any key: erasing and Ctrl-C are done here. */
async function readLine(input: SecretInput): Promise<string> {
  const { stream, prompt } = input
  const isTerminal = stream.isTTY === true
  if (isTerminal) prompt('Password: ')
  if (isTerminal) stream.setRawMode?.(true)
  try {
    let line = ''
    for await (const chunk of chunksOf(input)) {
      for (const character of chunk) {
        if (END_OF_LINE.test(character)) return line
        if (!isTerminal) line += character
        else if (character === INTERRUPT) throw new SecretInputError('interrupted')
        else if (character === END_OF_INPUT) return line
        else line = ERASE.has(character) ? [...line].slice(0, -1).join('') : line + character
      }
    }
    return line
  } finally {
    if (isTerminal) stream.setRawMode?.(false)
    if (isTerminal) prompt('\n')
  }
}

async function* chunksOf({ stream }: SecretInput): AsyncGenerator<string> {
  stream.setEncoding('utf8')
  const timer = setTimeout(
    () => stream.destroy(new SecretInputError('nothing came on standard input')),
    TIMEOUT_MS,
  )
  let length = 0
  try {
    for await (const chunk of stream) {
      const text = String(chunk)
      length += text.length
      if (length > MAX_CHARACTERS) throw new SecretInputError('standard input is too long')
      yield text
    }
  } finally {
    clearTimeout(timer)
    stream.destroy()
  }
}
