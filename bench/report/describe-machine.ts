import { cpus, release, totalmem, type } from 'node:os'
import { isPinning } from '../machine/cores.ts'

/** Where it was measured, without a name that would say whose it is. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() || 'processor unknown'
  const gib = Math.round(totalmem() / 2 ** 30)
  const pinning = isPinning
    ? 'the proxies pinned to one core, load, upstream and Keycloak to another'
    : 'nothing pinned to a core'
  return `${cpus().length} × ${model}, ${gib} GiB, ${type()} ${release()}, Node ${process.version}; ${pinning}`
}
