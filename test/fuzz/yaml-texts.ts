import fc from 'fast-check'

/** How long reading a text of a few hundred characters may take: far more than it does, far less than for ever. */
export const MAX_READ_MS = 5000

const SYNTAX = [
  ...[
    '\n',
    '\n  ',
    '\n    ',
    '- ',
    ': ',
    ':',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '|',
    '>',
    '&a ',
    '*a',
    '!!str ',
    '!x ',
    '%YAML 1.1',
  ],
  ...[
    '---',
    '...',
    '#',
    '<<: ',
    '? ',
    '~',
    'null',
    'true',
    'no',
    '0x1F',
    '.inf',
    '2001-01-01',
    '\t',
    '\ufeff',
    '\0',
    '\u2028',
    `$\{env.A}`,
  ],
]

/** Text that a parser of YAML has something to do with, around the words of one kind of file. */
export function yamlTexts(
  words: readonly string[],
  valid: readonly string[],
): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...words) },
    { weight: 3, arbitrary: fc.constantFrom(...SYNTAX) },
    fc.string({ maxLength: 4 }),
    fc.string({ unit: 'binary', maxLength: 2 }),
  )
  const soup = fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join(''))
  const damage = fc.record({
    at: fc.nat(),
    cut: fc.nat({ max: 12 }),
    put: fc.array(piece, { maxLength: 2 }),
  })
  const damaged = fc
    .tuple(fc.constantFrom(...valid), fc.array(damage, { maxLength: 4 }))
    .map(([text, damages]) =>
      damages.reduce((sum, { at, cut, put }) => {
        const from = at % (sum.length + 1)
        return sum.slice(0, from) + put.join('') + sum.slice(from + cut)
      }, text),
    )
  const nested = fc
    .tuple(fc.constantFrom('[', '{a: ', '- ', '? ', '&a [*a, '), fc.nat(300))
    .map(([open, depth]) => open.repeat(depth))
  return fc.oneof({ weight: 3, arbitrary: soup }, { weight: 5, arbitrary: damaged }, nested)
}
