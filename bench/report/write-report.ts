import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Writes a file of this folder, e.g. `RESULTS.md`: a heading and paragraphs. */
export async function writeReport(name: string, title: string, parts: readonly string[]) {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url))
  await writeFile(path, `${[`# ${title}`, ...parts].join('\n\n')}\n`)
}
