import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { CATALOGUE, CHAPTERS } from '../../../src/doctor/catalogue/catalogue.ts'
import { finding, listNames } from '../../../src/doctor/finding.ts'
import { renderFinding } from '../../../src/doctor/render.ts'
import { createReport } from '../../../src/doctor/report.ts'

const DOCTOR = fileURLToPath(new URL('../../../src/doctor', import.meta.url))
const source = readdirSync(DOCTOR)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(`${DOCTOR}/${file}`, 'utf8'))
  .join('\n')

t.test(
  'every entry of the catalogue is found by some probe, and stands in one chapter',
  async (t) => {
    const ids = Object.keys(CATALOGUE)
    for (const id of ids) t.ok(source.includes(`finding('${id}'`), id)
    const inChapters = Object.values(CHAPTERS).flatMap((chapter) => Object.keys(chapter))
    t.equal(inChapters.length, ids.length)
  },
)

t.test('texts are whole sentences', async (t) => {
  for (const [id, entry] of Object.entries(CATALOGUE)) {
    t.match(entry.sentence, /\.$/, id)
    if ('remedy' in entry) t.match(entry.remedy, /^[A-Z].*\.$/, id)
  }
})

t.test('facts are put in printable, bounded and without tokens', async (t) => {
  const client = `a\u001b]0;b\u202e${'c'.repeat(400)}`
  const { sentence } = finding('client-secret-wrong', { client })
  t.ok(sentence.length < 400)
  t.notOk(/[\p{Cc}\p{Cf}]/u.test(sentence))
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln'
  t.match(finding('client-secret-wrong', { client: token }).sentence, /'\[token\]'/)
  t.match(
    finding('client-secret-wrong', { client: '{client} $& $1' }).sentence,
    /'\{client\} \$& \$1'/,
  )
})

t.test('a finding is one line; a tick says no more than its sentence', async (t) => {
  t.equal(
    renderFinding(finding('consent-missing', { client: 'c' })),
    "✗ Client 'c' wants a consent that nobody can give in an exchange. Switch off 'Consent required' at the client. [consent-missing]",
  )
  t.equal(
    renderFinding(finding('clocks-agree', {})),
    '✓ The clocks of Keycloak and of this machine agree.',
  )
})

t.test('a caller who is not to have a scope is no fault of the installation', async (t) => {
  t.equal(finding('scope-not-granted', { scope: 'a' }).verdict, 'note')
})

t.test('what is found twice is said once', async (t) => {
  const seen: string[] = []
  const { add, list } = createReport(({ sentence }) => seen.push(sentence))
  add(finding('scope-not-granted', { scope: 'a' }))
  add(finding('scope-not-granted', { scope: 'b' }))
  add(finding('scope-not-granted', { scope: 'a' }))
  t.equal(list().length, 2)
  t.equal(seen.length, 2)
})

t.test('names are listed, and none has a word too', async (t) => {
  t.equal(listNames(['a', 'b']), "'a', 'b'")
  t.equal(listNames([]), 'nothing')
})
