import type { Ground } from './ground.ts'
import type { Program } from './machine/program.ts'
import type { Peer } from './peers/peer.ts'

/** A proxy that runs; `program` is missing where callers go straight to the upstream. */
export interface Contestant {
  readonly name: string
  readonly url: string
  readonly stepsUp: boolean
  readonly program: Program | undefined
}

export const DIRECT = 'direct'

export async function startContestant(peer: Peer, ground: Ground): Promise<Contestant> {
  const program = await peer.start(ground)
  return { name: peer.name, url: program.url, stepsUp: peer.stepsUp, program }
}

/** No proxy at all. */
export function goDirect({ upstream }: Ground): Contestant {
  return { name: DIRECT, url: upstream.url, stepsUp: false, program: undefined }
}
