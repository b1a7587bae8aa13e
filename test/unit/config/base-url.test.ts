import t from 'tap'
import { isLoopback, parseBaseUrl } from '../../../src/config/base-url.ts'

t.test('a base URL may have a port and a path', async (t) => {
  const parsed = parseBaseUrl('https://api.example.com:8443/v1/')
  t.equal(parsed.kind === 'url' && parsed.url.href, 'https://api.example.com:8443/v1/')
})

t.test('what is wrong with a URL is said without repeating it', async (t) => {
  const rows = [
    ['', 'must be an http:// or https:// URL'],
    ['api.example.com', 'must be an http:// or https:// URL'],
    ['https:/api', 'must be an http:// or https:// URL'],
    ['https://a b', 'must be an http:// or https:// URL'],
    ['https://a\\b', 'must be an http:// or https:// URL'],
    ['https://[::1', 'must be an http:// or https:// URL'],
    ['https://a:99999', 'must be an http:// or https:// URL'],
    ['https://a/?', 'must not have a query'],
    ['https://a/#', 'must not have a fragment'],
    ['https://:@a/', 'must not hold a user name or password'],
    ['https://user@a/', 'must not hold a user name or password'],
  ] as const
  for (const [text, reason] of rows) {
    t.same(parseBaseUrl(text), { kind: 'mistake', reason }, text)
  }
})

t.test('an at sign in the path is no user name', async (t) => {
  t.equal(parseBaseUrl('https://a/@b').kind, 'url')
})

t.test('loopback is told by host name and by address, in every spelling of a URL', async (t) => {
  const own = ['localhost', 'LOCALHOST', 'a.localhost', 'localhost.', '127.0.0.1', '127.1', '[::1]']
  for (const host of [...own, '2130706433', '[::ffff:127.0.0.1]', '[0:0:0:0:0:0:0:1]']) {
    t.ok(isLoopback(new URL(`http://${host}/`)), host)
  }
  const other = ['localhost.example.com', 'notlocalhost', '128.0.0.1', '0.0.0.0', '[::2]']
  for (const host of [...other, '127.0.0.1.example.com', 'keycloak']) {
    t.notOk(isLoopback(new URL(`http://${host}/`)), host)
  }
})
