import type { ChildProcess } from 'node:child_process'

const children = new Set<ChildProcess>()
let isHooked = false

/** However this process ends, nothing that it started outlives it. */
export function own(child: ChildProcess): void {
  if (!isHooked) {
    isHooked = true
    process.once('exit', killAll)
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  }
  children.add(child)
  child.once('exit', () => children.delete(child))
}

function killAll(): void {
  for (const child of children) child.kill('SIGTERM')
}
