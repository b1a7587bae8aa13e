import t from 'tap'
import { withBearer } from '../../../src/step-up/bearer.ts'
import { issuedToken } from './fake-tokens.ts'

t.test('the issued token replaces the credential where it stands', async (t) => {
  const lines = ['host', 'h', 'AUTHORIZATION', 'bearer own', 'x', 'authorization']
  t.same(withBearer(lines, issuedToken('wide')), [
    ...['host', 'h', 'AUTHORIZATION', 'Bearer wide', 'x', 'authorization'],
  ])
  t.equal(lines[3], 'bearer own')
})

t.test('every line of that name is replaced, and none is added', async (t) => {
  t.same(withBearer(['authorization', 'a', 'Authorization', 'b'], issuedToken('wide')), [
    ...['authorization', 'Bearer wide', 'Authorization', 'Bearer wide'],
  ])
  t.same(withBearer(['x', 'y'], issuedToken('wide')), ['x', 'y'])
})
