import assert from 'node:assert/strict'
import type { Check } from '../e2e/check.ts'
import type { Corpus, Kind } from './corpus.ts'
import { KINDS } from './corpus.ts'
import type { Needles } from './needles.ts'

/** One check for each kind of output: nothing in it that must stay hidden. Kinds in `mayBeEmpty` need not have anything in them. */
export function searchChecks(
  corpus: Corpus,
  needles: Needles,
  mayBeEmpty: readonly Kind[],
): readonly Check[] {
  return KINDS.map((kind) => ({
    sentence: `no token and no secret in: ${kind}`,
    async run() {
      const texts = corpus.of(kind)
      assert.ok(texts.length > 0 || mayBeEmpty.includes(kind), `there is some ${kind} to search`)
      assert.deepEqual(searchTexts(corpus, needles, kind), [])
    },
  }))
}

/** Says where and of what kind, never what: a failure must not print what it found. */
export function searchTexts(corpus: Corpus, needles: Needles, kind: Kind): readonly string[] {
  return corpus
    .of(kind)
    .flatMap(({ name, text }) =>
      needles
        .find(text)
        .map(({ label, offset }) => `${name}: ${label}, character ${offset} of ${text.length}`),
    )
}
