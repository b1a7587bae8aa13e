import t from 'tap'
import type { SubjectToken } from '../../../src/subject-token.ts'
import { subjectWith } from './fake-tokens.ts'
import type { House } from './house.ts'
import { createHouse, streamOf } from './house.ts'

const QUARTER = 1_000
const ALL = { maxBytes: QUARTER, totalBytes: 4 * QUARTER }

t.test('many genuine tokens of one user have one quarter of the memory together', async (t) => {
  const house = createHouse({ replay: ALL })
  for (let login = 0; login < 4; login += 1) {
    await upload(house, subjectWith('openid', { login }))
  }
  t.equal(house.memory.bytesInUse, QUARTER)
  await upload(house, subjectWith('openid', { sub: 'bob' }))
  t.equal(house.memory.bytesInUse, 2 * QUARTER, 'and take nothing from anybody else')
})

t.test('forged tokens that name a user take nothing from its quarter', async (t) => {
  const house = createHouse({ replay: ALL })
  house.tokens.isGenuine = false
  for (let i = 0; i < 4; i += 1) await upload(house, subjectWith('openid', { i }))
  t.equal(house.memory.bytesInUse, QUARTER, 'they share that of all forged ones')
  house.tokens.isGenuine = true
  await upload(house, subjectWith('openid'))
  t.equal(house.memory.bytesInUse, 2 * QUARTER)
})

/** An upload as large as one may be, read by an upstream that has not answered yet. */
async function upload(house: House, subject: SubjectToken): Promise<void> {
  const visit = house.visit({ subject, body: streamOf('x'.repeat(QUARTER)) })
  await visit.attempt(0).readBody()
}
