/**
 * `ok`: as it must be. `wrong`: a fault, which the remedy mends. `note`: it works, but is worth a look. `untested`: what
 * stood in the way is in the sentence.
 */
export type Verdict = 'ok' | 'wrong' | 'note' | 'untested'

/** One thing that doctor can say. `{name}` stands for a fact of the case. */
export type CatalogueEntry =
  | { readonly verdict: 'ok'; readonly sentence: string }
  | {
      readonly verdict: Exclude<Verdict, 'ok'>
      readonly sentence: string
      /** What to do about it, in whole sentences. */
      readonly remedy: string
    }

export type Catalogue = Readonly<Record<string, CatalogueEntry>>
