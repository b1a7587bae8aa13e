import type { Config } from '../config/config.ts'
import { readErrorCode } from '../error-code.ts'

/** One line for the operator with the variables to change, or `undefined` for an error that is not about an address. */
export function describeListenFailure(error: unknown, config: Config): string | undefined {
  const reason = REASONS.get(readErrorCode(error))
  if (reason === undefined) return undefined
  const prefix = isAbout(error, config.admin) && !isAbout(error, config.listen) ? 'ADMIN_' : ''
  const { host, port } = prefix === '' ? config.listen : config.admin
  return `${prefix}PORT: port ${port} of ${host} ${reason} (variables ${prefix}HOST and ${prefix}PORT)`
}

const REASONS = new Map([
  ['EADDRINUSE', 'is taken by another process: stop that one, or choose another port'],
  ['EACCES', 'must not be opened by this user: choose a port from 1024 up'],
  ['EADDRNOTAVAIL', 'cannot be opened: the address is not one of this machine'],
  ['ENOTFOUND', 'cannot be opened: the host name is unknown'],
])

/** Node puts the port into the error; a name that cannot be resolved comes with the name only. */
function isAbout(error: unknown, { host, port }: Config['listen']): boolean {
  if (!(error instanceof Error)) return false
  if ('port' in error) return error.port === port
  return 'hostname' in error && error.hostname === host
}
