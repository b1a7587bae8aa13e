import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export const KINDS = [
  'stdout',
  'stderr',
  'metrics',
  'readiness',
  'health',
  'own answer',
  'relayed answer',
  'file left behind',
  'crash report',
  'output of this suite',
] as const

export type Kind = (typeof KINDS)[number]

interface Text {
  readonly kind: Kind
  /** Which process or request it is of. */
  readonly name: string
  readonly text: string
}

/** All that came out of Scopelift, kept until it is searched. */
export interface Corpus {
  add(kind: Kind, name: string, text: string): void
  /** Every regular file under the folder, also in subfolders, but for those that the suite put there itself. */
  addFolder(kind: Kind, name: string, folder: string, ours: readonly string[]): Promise<void>
  of(kind: Kind): readonly Text[]
  /** Octets of all texts of that kind. */
  bytesOf(kind: Kind): number
}

export function createCorpus(): Corpus {
  const texts: Text[] = []
  const of = (kind: Kind) => texts.filter((text) => text.kind === kind)
  return {
    add: (kind, name, text) => void texts.push({ kind, name, text }),
    async addFolder(kind, name, folder, ours) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true })
      for (const entry of entries) {
        if (!entry.isFile() || ours.includes(entry.name)) continue
        const bytes = await readFile(join(entry.parentPath, entry.name))
        // Octet for octet: a binary file is searched as well.
        texts.push({ kind, name: `${name}: ${entry.name}`, text: bytes.toString('latin1') })
      }
    },
    of,
    bytesOf: (kind) => of(kind).reduce((sum, { text }) => sum + Buffer.byteLength(text), 0),
  }
}
