import fc from 'fast-check'
import { canonicalPath } from '../../../src/policy/canonical-path.ts'
import { createRoutePolicy } from '../../../src/policy/create-route-policy.ts'
import { PolicyFileError, parsePolicyFile } from '../../../src/policy/parse-policy-file.ts'
import { decodeOnce } from '../reference-path.ts'
import { createTarget } from '../target.ts'

const SEGMENT = fc.constantFrom(
  'v1',
  'files',
  'a b',
  'é',
  'a?b',
  'a#b',
  '%',
  'x;y',
  '.well',
  '*x',
  ':',
  '😀',
)
const PATTERN_SEGMENT = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('v1', 'files', 'a b', 'é', '.well', '😀') },
  { weight: 1, arbitrary: fc.constant(':any') },
)
const METHOD = fc.constantFrom('GET', 'POST', 'PUT')

interface Rule {
  readonly methods: readonly string[]
  readonly segments: readonly string[]
  readonly hasRest: boolean
}

const RULE: fc.Arbitrary<Rule> = fc.record({
  methods: fc.uniqueArray(METHOD, { maxLength: 2 }),
  segments: fc.array(PATTERN_SEGMENT, { maxLength: 3 }),
  hasRest: fc.boolean(),
})

/** A segment as a caller may spell it: any octet escaped or not, where both mean the same. */
const SPELLED = fc.tuple(SEGMENT, fc.infiniteStream(fc.boolean())).map(([segment, escapes]) =>
  [...Buffer.from(segment)]
    .map((octet) => {
      const isPlain = /[\w.~!$&'()*+,;:@=-]/.test(String.fromCharCode(octet)) && octet < 0x80
      const { value: isEscaped } = escapes.next()
      return isPlain && isEscaped !== true
        ? String.fromCharCode(octet)
        : `%${octet.toString(16).padStart(2, '0')}`
    })
    .join(''),
)
const TARGET = fc
  .tuple(
    fc.array(SPELLED, { maxLength: 4 }),
    fc.constantFrom('/', '/', '/', '%2F', '//'),
    fc.constantFrom('', '', '/', '//', '?a=/../b', '/?x'),
  )
  .map(([segments, separator, tail]) => `/${segments.join(separator)}${tail}`)

/** Which rule policy finds for a request is the one that fits what the upstream decodes out of the very same octets. */
export const policies = createTarget('policies', 3, () =>
  fc.property(
    fc.array(RULE, { minLength: 1, maxLength: 5 }),
    METHOD,
    TARGET,
    (rules, method, target) => {
      const policy = policyOf(rules)
      const path = canonicalPath(target)
      if (policy === undefined || path === undefined) return true
      const found = policy.find(method, path, undefined)
      const scopes = found?.need.kind === 'scopes' ? found.need.scopes : []
      const [forwarded = ''] = target.split('?', 1)
      const decoded = decodeOnce(forwarded) ?? ''
      const index = rules.findIndex((rule) => fits(rule, method, decoded))
      return index === -1 ? found === undefined : scopes[0] === `scope-${index}`
    },
  ),
)

function policyOf(rules: readonly Rule[]) {
  const routes = rules.map(({ methods, segments, hasRest }, index) => ({
    match: {
      path: `/${[...segments, ...(hasRest ? ['*'] : [])].join('/')}`,
      ...(methods.length > 0 && { method: methods }),
    },
    scopes: [`scope-${index}`],
  }))
  try {
    const policyFile = parsePolicyFile(JSON.stringify({ routes }))
    return createRoutePolicy({
      policyFile,
      scopeRules: { isAllowed: () => true, isDenied: () => false },
    })
  } catch (error) {
    // A rule that nobody can reach is a mistake: that is another target's affair.
    if (error instanceof PolicyFileError) return undefined
    throw error
  }
}

/** By a regular expression over the decoded path, which has nothing to do with the tree of the real matcher. */
function fits({ methods, segments, hasRest }: Rule, method: string, decoded: string): boolean {
  if (methods.length > 0 && !methods.includes(method)) return false
  const parts = segments.map((segment) =>
    segment === ':any' ? '/[^/]+' : `/${segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`,
  )
  const rest = hasRest ? '(?:/.*)?' : ''
  return new RegExp(`^${parts.join('')}${rest}$`, 'su').test(decoded.replace(/\/+$/, ''))
}
