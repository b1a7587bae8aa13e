import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { curlLines } from '../../../demo/curl-lines.ts'

const LINES = curlLines({
  tokenEndpoint: 'http://127.0.0.1:65535/realms/authentication-demo/protocol/openid-connect/token',
  scopeliftUrl: 'http://127.0.0.1:65535',
  adminUrl: 'http://127.0.0.1:65535',
  llamaStackUrl: 'http://127.0.0.1:65535',
  settings: {
    KEYCLOAK_SERVER_URL: 'http://127.0.0.1:65535',
    POLICY_FILE: "/home/a b/it's/policy.yaml",
  },
})

t.test('the lines to copy fit into 100 columns', async (t) => {
  for (const line of LINES) t.ok(line.length <= 100, line)
})

t.test('the lines to copy are a well-formed shell script', async (t) => {
  const { stderr } = await promisify(execFile)('sh', ['-n', '-c', LINES.join('\n')])
  t.equal(stderr, '')
})

t.test(
  'doctor is asked with the settings of the demo, each as one word of the shell',
  async (t) => {
    const doctor = LINES.slice(LINES.indexOf('printf %s "$TOKEN" |'))
    const npx = 'npx() { echo "$@ $KEYCLOAK_SERVER_URL $POLICY_FILE $(cat)"; }'
    const script = [npx, 'TOKEN=abc', ...doctor].join('\n')
    const { stdout } = await promisify(execFile)('sh', ['-c', script])
    t.equal(
      stdout,
      "scopelift doctor --token-file - http://127.0.0.1:65535 /home/a b/it's/policy.yaml abc\n",
    )
  },
)
