import fc from 'fast-check'
import { canonicalPath } from '../../../src/policy/canonical-path.ts'
import { decodeOnce, referencePath } from '../reference-path.ts'
import { createTarget } from '../target.ts'

const PIECES = [
  ...[
    '/',
    '/',
    '//',
    '.',
    '..',
    '...',
    '%2e',
    '%2E',
    '%2F',
    '%2f',
    '%5c',
    '\\',
    'a',
    'B',
    '%61',
    '%',
    '%4',
  ],
  ...[
    '%C3%A9',
    '%C3',
    '%E2%82%AC',
    '%ED%A0%80',
    '%F4%90%80%80',
    '%EF%BB%BF',
    '%C0%AF',
    '%00',
    '%7f',
    '%C2%85',
  ],
  ...[
    '?',
    ';',
    ':',
    '@',
    '%25',
    '#',
    '%23',
    '%3F',
    '~',
    '*',
    '\t',
    ' ',
    '\x7f',
    '\xe9',
    '..;x',
    '%3b',
    '-',
    '_',
  ],
]

/** Targets of pieces that have a meaning somewhere, and of anything at all. */
export const ANY_TARGET = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .array(fc.constantFrom(...PIECES), { maxLength: 10 })
      .map((pieces) => `/${pieces.join('')}`),
  },
  fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((pieces) => pieces.join('')),
  fc.string({
    unit: fc.nat({ max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 12,
  }),
)

/** The canonical path against a slow reading of its definition, and against what an upstream decodes once. */
export const canonicalPaths = createTarget('canonical-paths', 2, () =>
  fc.property(ANY_TARGET, (target) => {
    const path = canonicalPath(target)
    if (path !== referencePath(target)) return false
    if (path === undefined) return true
    const [forwarded = ''] = target.split('?', 1)
    return path === (decodeOnce(forwarded)?.replace(/\/+$/, '') || '/')
  }),
)
