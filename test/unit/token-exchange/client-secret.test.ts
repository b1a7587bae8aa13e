import t from 'tap'
import { createSecret } from '../../../src/secret.ts'
import { clientSecretBasic, clientSecretPost } from '../../../src/token-exchange/client-secret.ts'

function clientWith(clientId: string, secret: string) {
  return { clientId, secret: () => createSecret(secret) }
}

t.test('Basic encodes id and secret as a form does, then as base64', async (t) => {
  const table: [id: string, secret: string, pair: string][] = [
    ['app', 'secret', 'app:secret'],
    ['a:b', 'p%q+r s', 'a%3Ab:p%25q%2Br+s'],
    ['ä', '=&/', '%C3%A4:%3D%26%2F'],
  ]
  for (const [id, secret, pair] of table) {
    const headers: Record<string, string> = {}
    const form = new URLSearchParams()
    await clientSecretBasic(clientWith(id, secret))(form, headers, undefined)
    t.same(headers, { authorization: `Basic ${Buffer.from(pair).toString('base64')}` })
    t.equal(form.toString(), '', 'nothing in the form, which would beat the header')
  }
})

t.test('post puts both into the form', async (t) => {
  const headers: Record<string, string> = {}
  const form = new URLSearchParams()
  await clientSecretPost(clientWith('app', 'p%q+r'))(form, headers, undefined)
  t.same(headers, {})
  t.equal(form.toString(), 'client_id=app&client_secret=p%25q%2Br')
})

t.test('the secret is read anew for each request', async (t) => {
  let current = 'old'
  const authenticate = clientSecretPost({ clientId: 'app', secret: () => createSecret(current) })
  const form = new URLSearchParams()
  await authenticate(form, {}, undefined)
  current = 'new'
  await authenticate(form, {}, undefined)
  t.equal(form.get('client_secret'), 'new')
})
