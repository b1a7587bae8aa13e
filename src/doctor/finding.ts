import { maskTokens, toPrintable } from '../observability/printable.ts'
import type { FindingId } from './catalogue/catalogue.ts'
import { CATALOGUE } from './catalogue/catalogue.ts'
import type { CatalogueEntry, Verdict } from './catalogue/entry.ts'

export interface Finding {
  readonly id: FindingId
  readonly verdict: Verdict
  readonly sentence: string
  /** `undefined` where nothing is to be done. */
  readonly remedy: string | undefined
}

/** The facts that the texts of an entry have a place for. */
type Facts<Id extends FindingId> = Readonly<Record<Places<TextOf<(typeof CATALOGUE)[Id]>>, string>>

type TextOf<E> = E extends { readonly sentence: infer S; readonly remedy: infer R }
  ? S | R
  : E extends { readonly sentence: infer S }
    ? S
    : never

type Places<T> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Places<Rest> : never

const MAX_FACT_CHARACTERS = 300

/** An entry of the catalogue with the facts of a case. Facts may come from outside: they are made printable. */
export function finding<Id extends FindingId>(id: Id, facts: Facts<Id>): Finding {
  return fillIn(id, facts)
}

/** Names in a sentence: `'a', 'b'`, or `nothing`. */
export function listNames(names: Iterable<string>): string {
  const list = [...names].map((name) => `'${name}'`)
  return list.length === 0 ? 'nothing' : list.join(', ')
}

function fillIn(id: FindingId, facts: Readonly<Record<string, string>>): Finding {
  const entry: CatalogueEntry = CATALOGUE[id]
  const fill = (text: string) =>
    text.replace(/\{(\w+)\}/g, (_place, name: string) =>
      maskTokens(toPrintable(facts[name] ?? '', MAX_FACT_CHARACTERS)),
    )
  return {
    id,
    verdict: entry.verdict,
    sentence: fill(entry.sentence),
    remedy: entry.verdict === 'ok' ? undefined : fill(entry.remedy),
  }
}
