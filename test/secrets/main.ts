// The real program is driven through every outcome and every failure while all that it puts out is kept, and searched:
// `npm run build && npm run test:secrets`.
import assert from 'node:assert/strict'
import { EXCHANGE_RESULTS } from '../../src/observability/exchange-result.ts'
import { OUTCOMES } from '../../src/observability/outcome.ts'
import { REFUSALS } from '../../src/relay/refusal.ts'
import type { Check, Tally } from '../e2e/check.ts'
import { runChecks } from '../e2e/check.ts'
import { KINDS } from './corpus.ts'
import { clientCredentialChecks } from './drive/client-credentials.ts'
import { crashChecks } from './drive/crashes.ts'
import { keycloakChecks } from './drive/keycloak.ts'
import { outcomeChecks } from './drive/outcomes.ts'
import { reloadChecks } from './drive/reloads.ts'
import { requestChecks } from './drive/requests.ts'
import { startChecks } from './drive/starts.ts'
import { upstreamChecks } from './drive/upstream.ts'
import type { House } from './house.ts'
import { startHouse } from './house.ts'
import { SEEN } from './running.ts'
import { searchChecks } from './search.ts'
import { selfChecks } from './self-test.ts'

const tally: Tally = { passed: 0, failed: 0 }
const printed: string[] = []
const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => interruption.abort(new Error(signal)))

const house = await startHouse()
try {
  await runAll(house)
} finally {
  await house.close()
}
if (interruption.signal.aborted) {
  tally.failed += 1
  print('✗ interrupted: not all checks ran')
}
process.exitCode = tally.failed > 0 ? 1 : 0
print(`${tally.passed} passed, ${tally.failed} failed`)

async function runAll(house: House): Promise<void> {
  const chapters: readonly (readonly [string, readonly Check[]])[] = [
    ['The search itself', selfChecks(house)],
    ['Every outcome', outcomeChecks(house)],
    ['Keycloak', keycloakChecks(house)],
    ['Client keys and assertions', clientCredentialChecks(house)],
    ['The upstream', upstreamChecks(house)],
    ['Requests', requestChecks(house)],
    ['Starts that fail', startChecks(house)],
    ['Files that change', reloadChecks(house)],
    ['Crashes and reports', crashChecks(house)],
    ['All of it was driven', coverageChecks()],
  ]
  for (const [title, checks] of chapters) {
    print(title)
    await runChecks(checks, tally, print, interruption.signal)
  }
  house.corpus.add('output of this suite', 'until the search', printed.join('\n'))
  print('The search')
  await runChecks(
    searchChecks(house.corpus, house.needles, ['file left behind']),
    tally,
    print,
    interruption.signal,
  )
  printAccount(house)
}

/** A search of what never happened would prove nothing. */
function coverageChecks(): readonly Check[] {
  // A head that comes too late takes a minute, and its answer is a constant like all of them.
  const codes = Object.values(REFUSALS)
    .map(({ code }) => code)
    .filter((code) => code !== 'request_timeout')
  const all = (wanted: readonly string[], seen: ReadonlySet<string>) => async () =>
    assert.deepEqual(
      wanted.filter((word) => !seen.has(word)),
      [],
      'not driven',
    )
  return [
    { sentence: 'every outcome was seen', run: all(OUTCOMES, SEEN.outcomes) },
    {
      sentence: 'every result of an exchange was counted',
      run: all(EXCHANGE_RESULTS, SEEN.results),
    },
    {
      sentence: 'every answer of Scopelift itself was seen, but for request_timeout',
      run: all([...codes, 'exchange_unavailable'], SEEN.codes),
    },
  ]
}

function printAccount({ corpus, needles }: House): void {
  print('Searched')
  for (const kind of KINDS) {
    const texts = corpus.of(kind).length
    print(`  ${kind}: ${corpus.bytesOf(kind)} bytes in ${texts} ${texts === 1 ? 'text' : 'texts'}`)
  }
  const { tokens, secrets, spellings } = needles
  print(`for ${tokens} tokens and ${secrets} secrets, as ${spellings} strings`)
}

function print(line: string): void {
  printed.push(line)
  process.stdout.write(`${line}\n`)
}
