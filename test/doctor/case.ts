import type { FindingId } from '../../src/doctor/catalogue/catalogue.ts'
import type { Admin } from './admin.ts'
import type { Household, Spoil } from './realm.ts'

/** One fault, made at the real Keycloak or in the settings, and what doctor must say of it. */
export interface Case {
  /** What is wrong, as a sentence. */
  readonly sentence: string
  /** All that is no tick. */
  readonly expected: readonly FindingId[]
  readonly exitCode: number
  /** The household's fault. */
  readonly spoil?: Spoil
  /** Else it shares a realm with others. */
  readonly realmFacts?: Readonly<Record<string, unknown>>
  /** In place of the settings that fit the household; empty: not set. */
  readonly env?: (place: Place) => Readonly<Record<string, string>>
  /** Routes of the policy file, in place of one for each scope. */
  readonly policy?: string
  /** Options of the command line, in place of `--login USER`. */
  readonly args?: readonly string[]
  readonly password?: string
  /** The token on standard input. Made before any case runs. */
  readonly token?: (place: Place) => Promise<string>
  /** How far this machine's clock is ahead. */
  readonly clockAheadMs?: number
}

/** Where a case plays. */
export interface Place {
  readonly admin: Admin
  readonly names: Household
  /** Of the realm, at Keycloak. */
  readonly realmUrl: string
  readonly upstreamUrl: string
  /** A private folder, for files that settings name. */
  readonly folder: string
}
