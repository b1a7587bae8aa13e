import type { Random } from '../test/soak/random.ts'
import { checkRow } from './check-row.ts'
import type { Contestant } from './contestant.ts'
import { DIRECT } from './contestant.ts'
import type { Ground } from './ground.ts'
import type { LoadGenerator } from './load/load.ts'
import type { Sample } from './measure-row.ts'
import { measureRow } from './measure-row.ts'
import { shuffle } from './report/shuffle.ts'
import type { Row } from './rows.ts'

export interface Rounds {
  readonly rows: readonly Row[]
  readonly contestants: readonly Contestant[]
  readonly ground: Ground
  readonly load: LoadGenerator
  readonly rounds: number
  readonly seconds: number
  readonly random: Random
  readonly say: (line: string) => void
}

/** Checks everything, warms everything, and measures in rounds, each in an order of its own. */
export async function runRounds(options: Rounds): Promise<readonly Sample[]> {
  const { contestants, ground, load, seconds, random, say } = options
  const cells = options.rows.flatMap((row) =>
    contestants
      .filter(({ stepsUp }) => stepsUp || !row.isStepUp)
      .map((contestant) => ({ row, contestant })),
  )
  // Before any load: what load leaves under way would be counted as the next cell's.
  for (const { row, contestant } of cells) await checkRow(row, contestant, ground)
  for (const { row, contestant } of cells) {
    // Until the compiler has seen the code: the first second of a Node process is another program.
    if (contestant.name !== DIRECT) {
      await measureRow({ row, contestant, ground, load, round: 0, seconds: 1 })
    }
  }
  say(`${cells.length} cells answer rightly and are warm`)
  const samples: Sample[] = []
  const bases = [...new Set(cells.map(({ row }) => row.base))]
  for (let round = 1; round <= options.rounds; round += 1) {
    // What is compared is measured within seconds of each other: the machine may be another a minute later.
    for (const base of shuffle(bases, random)) {
      const comparable = cells.filter(({ row }) => row.base === base)
      for (const { row, contestant } of shuffle(comparable, random)) {
        samples.push(await measureRow({ row, contestant, ground, load, round, seconds }))
      }
    }
    say(`round ${round} of ${options.rounds}`)
  }
  return samples
}
