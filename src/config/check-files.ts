import { X509Certificate } from 'node:crypto'
import type { Mistakes } from './mistakes.ts'
import type { ReadFile } from './read-text.ts'
import { readText } from './read-text.ts'
import type { SettingValues } from './settings-schema.ts'

export interface CheckFilesOptions {
  readonly values: SettingValues
  readonly readFile: ReadFile
  readonly mistakes: Mistakes
}

/** Reads the files that settings name; what a policy file says is judged where it is parsed. Returns CA_FILE's text. */
export function checkFiles({ values, readFile, mistakes }: CheckFilesOptions): string | undefined {
  const read = (name: 'CA_FILE' | 'POLICY_FILE' | 'LLAMA_STACK_CONFIG') => {
    const path = values[name]
    if (path === undefined) return undefined
    const file = readText(readFile, path)
    if (file.kind === 'text') return file.text
    mistakes.add(name, `names a file that cannot be read (${file.code})`)
    return undefined
  }
  read('POLICY_FILE')
  read('LLAMA_STACK_CONFIG')
  const ca = read('CA_FILE')
  if (ca !== undefined && !isCertificates(ca)) {
    mistakes.add('CA_FILE', 'must name a file with certificates in PEM')
  }
  return ca
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/** Every block must parse: TLS would silently leave a broken one out. */
function isCertificates(text: string): boolean {
  const blocks = text.match(PEM_CERTIFICATE) ?? []
  return blocks.length > 0 && blocks.every(isCertificate)
}

function isCertificate(block: string): boolean {
  try {
    return new X509Certificate(block).subject !== undefined
  } catch {
    return false
  }
}
