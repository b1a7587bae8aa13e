import t from 'tap'
import { readFailure } from '../../../src/doctor/read-failure.ts'

t.test('what is no HTTP, from a port whose certificate can be seen, is TLS', async (t) => {
  const url = new URL('http://api.test:8443/v1')
  for (const code of ['UND_ERR_SOCKET', 'HPE_INVALID_CONSTANT', 'HTTPParserError']) {
    const reason = await readFailure(url, code, ({ protocol, port }, callback) => {
      t.same([protocol, port], ['https:', '8443'])
      callback(Object.assign(new Error(), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), null)
    })
    t.equal(reason, 'TLS', code)
  }
})
