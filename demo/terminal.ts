import { wrapText } from './wrap-text.ts'

type Tone = 'plain' | 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** What the demo prints: never wider than 100 columns, with colour only where it was asked for. */
export interface Terminal {
  heading(text: string): void
  /** A paragraph, wrapped; without a text an empty line. */
  line(text?: string, tone?: Tone): void
  /** A mark, a label and a wrapped text that stays in its column. */
  step(mark: string, label: string, text: string, tone?: Tone): void
  /** Begins a step whose text arrives bit by bit. */
  openStep(mark: string, label: string, tone: Tone): { add(text: string): void; end(): void }
  /** Lines to copy: printed as they are. */
  verbatim(lines: readonly string[]): void
}

export interface TerminalOptions {
  readonly write: (text: string) => void
  readonly hasColour: boolean
}

const WIDTH = 96
const LABEL_WIDTH = 12
const TEXT_COLUMN = 2 + 2 + LABEL_WIDTH
const CODES = { plain: 0, bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

export function createTerminal({ write, hasColour }: TerminalOptions): Terminal {
  const paint = (text: string, tone: Tone) =>
    hasColour && tone !== 'plain' ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text
  const label = (mark: string, name: string, tone: Tone) =>
    `  ${paint(mark.padEnd(2), tone)}${paint(name.padEnd(LABEL_WIDTH), tone)}`
  const indent = ' '.repeat(TEXT_COLUMN)

  return {
    heading(text) {
      write(
        `\n${paint(`── ${text} ${'─'.repeat(Math.max(0, WIDTH - text.length - 4))}`, 'bold')}\n`,
      )
    },
    line(text = '', tone = 'plain') {
      for (const line of wrapText(text, WIDTH - 2)) {
        write(line === '' ? '\n' : `  ${paint(line, tone)}\n`)
      }
    },
    step(mark, name, text, tone = 'plain') {
      const [first = '', ...rest] = wrapText(text, WIDTH - TEXT_COLUMN)
      write(`${label(mark, name, tone)}${paint(first, textTone(tone))}\n`)
      for (const line of rest) write(`${indent}${paint(line, textTone(tone))}\n`)
    },
    openStep(mark, name, tone) {
      let column = TEXT_COLUMN
      write(label(mark, name, tone))
      return {
        add(text) {
          if (column + text.length <= WIDTH) {
            write(text)
            column += text.length
            return
          }
          const [first = '', ...rest] = wrapText(text.trimStart(), WIDTH - TEXT_COLUMN)
          for (const line of [first, ...rest]) write(`\n${indent}${line}`)
          column = TEXT_COLUMN + (rest.at(-1) ?? first).length
        },
        end: () => write('\n'),
      }
    },
    verbatim(lines) {
      for (const line of lines) write(`${line}\n`)
    },
  }
}

/** Only the mark and the label carry a colour; what is dim is dim as a whole. */
function textTone(tone: Tone): Tone {
  return tone === 'dim' ? 'dim' : 'plain'
}

/** Colour belongs on a terminal that did not decline it (no-color.org). */
export function wantsColour(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const { NO_COLOR: noColour, TERM: term } = env
  return isTerminal && !noColour && term !== 'dumb'
}
