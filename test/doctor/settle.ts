import type { Admin } from './admin.ts'
import type { Case, Place } from './case.ts'
import { createRealm } from './realm.ts'

/** A case with the place where it plays, and the token that its caller has. */
export interface Settled {
  readonly one: Case
  readonly place: Place
  /** Rejects where the login fails that must not. */
  readonly token: Promise<string> | undefined
}

export interface SettleOptions {
  readonly admin: Admin
  readonly upstreamUrl: string
  readonly folder: string
}

/** Makes the households of all cases: one realm for most, one of its own for each whose fault is the realm's. */
export async function settle(
  cases: readonly Case[],
  options: SettleOptions,
): Promise<readonly Settled[]> {
  const shared = cases.filter(({ realmFacts }) => realmFacts === undefined)
  const households = await createRealm(options.admin, { spoils: shared.map(({ spoil }) => spoil) })
  const settled = new Map(shared.map((one, index) => [one, households[index]]))
  for (const one of cases) {
    const { realmFacts: facts, spoil } = one
    if (facts === undefined) continue
    const [household] = await createRealm(options.admin, { spoils: [spoil], facts })
    settled.set(one, household)
  }
  const result: Settled[] = []
  for (const one of cases) {
    const names = settled.get(one)
    if (names === undefined) throw new Error('a case has no household')
    const realmUrl = `${options.admin.origin}/realms/${encodeURIComponent(names.realm)}`
    const place: Place = { ...options, names, realmUrl }
    const token = one.token?.(place)
    // Whoever runs the case awaits it.
    token?.catch(() => {})
    result.push({ one, place, token })
  }
  return result
}
