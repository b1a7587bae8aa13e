/** A table of Markdown whose columns also align on a terminal; all but the first `textColumns` to the right. */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  textColumns: number,
): string {
  const widths = head.map((title, i) =>
    Math.max(title.length, 3, ...rows.map((row) => row[i]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells
      .map((cell, i) =>
        i < textColumns ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
      )
      .join(' | ')} |`
  const rule = widths.map((width, i) =>
    i < textColumns ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** A number with as many digits as mean something; a dash for none. */
export function show(value: number, digits: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(digits)
}

export function showMib(bytes: number): string {
  return show(bytes / 2 ** 20, 0)
}
