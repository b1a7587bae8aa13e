import { findInstalled } from '../machine/installed.ts'
import { closedLoop } from './closed-loop.ts'
import type { LoadGenerator } from './load.ts'
import { createWrk } from './wrk.ts'

/** wrk where it is installed. */
export function pickLoad(): LoadGenerator {
  const wrk = findInstalled('wrk', ['-v'])
  return wrk === undefined ? closedLoop : createWrk(wrk)
}
