import t from 'tap'
import { checkToken } from '../../../src/doctor/check-token.ts'
import type { Finding } from '../../../src/doctor/finding.ts'
import { createSubjectTokenReader } from '../../../src/subject-token.ts'

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

t.test('a token that is too long for Keycloak is named with its length', async (t) => {
  const claims = { iss: 'i', sub: 'u', exp: 60, aud: 'c', azp: 'login', pad: 'x'.repeat(15_000) }
  const token = `${encode({ alg: 'RS256' })}.${encode(claims)}.c2ln`
  const subject = createSubjectTokenReader({ maxEntries: 1 })(`Bearer ${token}`)
  if (subject === undefined) throw new Error('not a bearer token')
  const found: Finding[] = []
  const add = (one: Finding) => void found.push(one)
  const options = { subject, client: 'c', isClientGood: true, issuer: 'i', nowMs: 0, add }
  t.equal(checkToken(options), false)
  t.match(found, [{ id: 'token-too-long', sentence: new RegExp(`has ${token.length} characters`) }])
  t.equal(found.length, 1)
})
