import t from 'tap'
import { createSecret } from '../../../src/secret.ts'
import { federatedJwt } from '../../../src/token-exchange/federated-jwt.ts'

t.test('the token is sent alone, and read anew for each request', async (t) => {
  const tokens = ['a.b.c', 'd.e.f']
  const authentication = federatedJwt({
    assertion: async () => createSecret(tokens.shift() ?? ''),
  })
  for (const token of ['a.b.c', 'd.e.f']) {
    const form = new URLSearchParams()
    const headers = {}
    t.equal(await authentication(form, headers, 'r1'), undefined)
    t.same(Object.fromEntries(form), {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: token,
    })
    t.same(headers, {})
  }
})

t.test('without a token there is a fault, and nothing to send', async (t) => {
  const form = new URLSearchParams()
  t.equal(
    await federatedJwt({ assertion: async () => undefined })(form, {}, undefined),
    'assertion-file',
  )
  t.equal(form.size, 0)
})
