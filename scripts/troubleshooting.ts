// Prints the README's troubleshooting out of doctor's catalogue; --check FILE and --write FILE as with the table of settings.
import { CHAPTERS } from '../src/doctor/catalogue/catalogue.ts'
import type { CatalogueEntry } from '../src/doctor/catalogue/entry.ts'
import { runGenerator } from './generated-block.ts'

const MARKS = { ok: '✓', wrong: '✗', note: '!', untested: '–' } as const

runGenerator({
  script: 'troubleshooting.ts',
  name: 'troubleshooting',
  noun: 'findings of doctor',
  text: createTable(),
})

function createTable(): string {
  const rows = Object.entries(CHAPTERS).flatMap(([title, chapter]) =>
    Object.entries(chapter)
      .filter(([, entry]) => entry.verdict !== 'ok')
      .map(([id, entry], index) => toRow(index === 0 ? title : '', id, entry)),
  )
  return ['| | finding | what is the matter | what to do |', '|---|---|---|---|', ...rows].join(
    '\n',
  )
}

function toRow(title: string, id: string, entry: CatalogueEntry): string {
  const remedy = entry.verdict === 'ok' ? '' : entry.remedy
  const heading = title === '' ? '' : `**${title}**`
  return `| ${heading} | ${MARKS[entry.verdict]} \`${id}\` | ${show(entry.sentence)} | ${show(remedy)} |`
}

/** A fact of the case stands in italics. */
function show(text: string): string {
  return text.replaceAll('|', '\\|').replace(/'?\{(\w+)\}'?/g, '*$1*')
}
