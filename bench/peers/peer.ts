import type { Ground } from '../ground.ts'
import type { Program } from '../machine/program.ts'

/** A proxy that can be measured. */
export interface Peer {
  readonly name: string
  readonly version: string
  /** Whether it steps up: only then is it asked for the rows of denials. */
  readonly stepsUp: boolean
  start(ground: Ground): Promise<Program>
}

/** One that is not installed here: it is named, and nothing is guessed about it. */
export interface MissingPeer {
  readonly name: string
}
