import type { Random } from '../../test/soak/random.ts'

/** In an order that the seed gives again. */
export function shuffle<T>(items: readonly T[], random: Random): readonly T[] {
  const left = [...items]
  const shuffled: T[] = []
  while (left.length > 0) shuffled.push(...left.splice(random.whole(0, left.length - 1), 1))
  return shuffled
}
