import t from 'tap'
import { checkUpstream } from '../../../src/doctor/check-upstream.ts'
import type { ReadPolicies } from '../../../src/doctor/read-policies.ts'
import { parsePolicyFile } from '../../../src/policy/parse-policy-file.ts'

/** What doctor finds, and which paths it asks, where each of these is answered with its status and any other with 404. */
async function examine(policy: string | undefined, statuses: Readonly<Record<string, number>>) {
  const asked: string[] = []
  const found: string[] = []
  const policies: ReadPolicies = {
    policyFile: policy === undefined ? undefined : parsePolicyFile(policy),
    policyFileMistakes: [],
    llamaStack: undefined,
    llamaStackMistakes: [],
  }
  await checkUpstream({
    url: new URL('http://api.test'),
    hasCertificate: false,
    policies,
    issuer: 'http://kc/realms/r',
    ask: async ({ url: { pathname } }) => {
      asked.push(pathname)
      const status = statuses[pathname] ?? 404
      return { kind: 'received', status, contentType: '', body: Buffer.alloc(0) }
    },
    add: ({ id }) => found.push(id),
  })
  return { asked, found }
}

const POST_ONLY = `routes:
  - match: { method: POST, path: /v1/agents }
    scopes: [llama:agent_create]
`
const WITH_GET = `${POST_ONLY}  - match: { method: [GET, PUT], path: /v1/files }
    scopes: [llama:files]
`
const ANY_METHOD = `${POST_ONLY}  - match: { path: /v1/models }
    scopes: [llama:models]
`

t.test('a route that wants scopes for other methods only is not asked', async (t) => {
  const open = { '/v1/agents': 200, '/v1/files': 401, '/v1/models': 403 }
  t.same(await examine(WITH_GET, open), { asked: ['/v1/files'], found: ['upstream-protected'] })
  t.same(await examine(ANY_METHOD, open), { asked: ['/v1/models'], found: ['upstream-protected'] })
})

t.test('where no route can be asked, an open one elsewhere proves nothing', async (t) => {
  const { asked, found } = await examine(POST_ONLY, { '/v1/models': 200, '/': 200 })
  t.same(asked, ['/v1/models', '/'])
  t.same(found, ['upstream-unclear'])
  t.same((await examine(POST_ONLY, { '/v1/models': 401 })).found, ['upstream-protected'])
})

t.test('what is open is said of routes that want scopes, and where nothing is known', async (t) => {
  t.same((await examine(WITH_GET, { '/v1/files': 200 })).found, ['upstream-open'])
  t.same((await examine(undefined, { '/v1/models': 200 })).found, ['upstream-open'])
})
