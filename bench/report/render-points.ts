import type { Point } from '../scale/growth.ts'
import { renderTable, show, showMib } from './render-table.ts'

/** `× first`: CPU time against the smallest size of its kind. */
export function renderPoints(points: readonly Point[]): string {
  const rows = points.map((point, i) => {
    const first = points.find(
      ({ dimension, cpuMicros }) => dimension === point.dimension && !Number.isNaN(cpuMicros),
    )
    return [
      points[i - 1]?.dimension === point.dimension ? '' : point.dimension,
      point.size,
      show(point.cpuMicros, 1),
      first === point ? '' : show(point.cpuMicros / (first?.cpuMicros ?? Number.NaN), 2),
      showMib(point.rssBytes),
      point.remark,
    ]
  })
  return renderTable(['what grows', 'size', 'CPU µs', '× first', 'MiB', 'remark'], rows, 1)
}
