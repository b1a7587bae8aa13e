import { get } from 'node:http'
import { parseJsonObject } from '../json-object.ts'

export interface HealthOptions {
  readonly adminUrl: URL
  /** For connection and answer together, of each question. */
  readonly timeoutMs: number
  /** Takes a line for the operator, without its line end. */
  readonly print: (line: string) => void
  readonly printError: (line: string) => void
}

/** Asks `/healthz`: 0 if it answers 200, else 1. What `/readyz` finds wrong is printed, and changes nothing. Never rejects. */
export async function health(options: HealthOptions): Promise<number> {
  const { adminUrl, print, printError } = options
  const alive = await ask('/healthz', options)
  if (alive?.status !== 200) {
    const url = new URL('/healthz', adminUrl).href
    printError(
      `scopelift health: nothing healthy answers at ${url}: does it run, with this ADMIN_HOST and ADMIN_PORT?`,
    )
    return 1
  }
  const problems = problemsOf(await ask('/readyz', options))
  for (const line of problems.length === 0 ? ['ok'] : problems) print(line)
  return 0
}

interface Answer {
  readonly status: number | undefined
  readonly text: string
}

const MAX_TEXT_LENGTH = 65_536

function ask(path: string, { adminUrl, timeoutMs }: HealthOptions): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs)
    get(new URL(path, adminUrl), { agent: false, signal }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        if (text.length < MAX_TEXT_LENGTH) text += chunk
      })
      response.on('close', () => resolve({ status: response.statusCode, text }))
      response.on('error', () => resolve(undefined))
    }).on('error', () => resolve(undefined))
  })
}

function problemsOf(answer: Answer | undefined): readonly string[] {
  const report = answer === undefined ? undefined : parseJsonObject(answer.text)
  const problems: unknown = report?.['problems']
  return Array.isArray(problems) ? problems.map(String) : []
}
