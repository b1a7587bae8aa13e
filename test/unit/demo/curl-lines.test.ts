import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { curlLines } from '../../../demo/curl-lines.ts'

const LINES = curlLines({
  tokenEndpoint: 'http://127.0.0.1:65535/realms/authentication-demo/protocol/openid-connect/token',
  scopeliftUrl: 'http://127.0.0.1:65535',
  adminUrl: 'http://127.0.0.1:65535',
  llamaStackUrl: 'http://127.0.0.1:65535',
})

t.test('the lines to copy fit into 100 columns', async (t) => {
  for (const line of LINES) t.ok(line.length <= 100, line)
})

t.test('the lines to copy are a well-formed shell script', async (t) => {
  const { stderr } = await promisify(execFile)('sh', ['-n', '-c', LINES.join('\n')])
  t.equal(stderr, '')
})
