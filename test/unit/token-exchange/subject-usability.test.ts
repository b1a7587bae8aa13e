import t from 'tap'
import { createSubjectTokenReader } from '../../../src/subject-token.ts'
import { whyUnusableSubject } from '../../../src/token-exchange/subject-usability.ts'

const CIRCUMSTANCES = { issuer: 'https://kc', nowMs: 0 }
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const HEAD = `${encode({ alg: 'RS256' })}.${encode({ iss: 'https://kc', sub: 'u', exp: 60 })}`

function whyUnusable(characters: number): string | undefined {
  const octets = Math.floor(((characters - HEAD.length - 1) * 3) / 4)
  const token = `${HEAD}.${Buffer.alloc(octets).toString('base64url')}`
  t.equal(token.length, characters)
  const subject = createSubjectTokenReader({ maxEntries: 1 })(`Bearer ${token}`)
  return subject && whyUnusableSubject(subject, CIRCUMSTANCES)
}

t.test('Keycloak exchanges tokens of 20 000 characters, and none that is longer', async (t) => {
  t.equal(whyUnusable(20_000), undefined)
  t.equal(whyUnusable(20_001), 'too-long')
})
