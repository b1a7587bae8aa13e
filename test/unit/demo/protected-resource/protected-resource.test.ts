import { createHash } from 'node:crypto'
import { request } from 'node:http'
import t from 'tap'
import type { Fields } from '../../../../demo/authorization-server/json-fields.ts'
import {
  fieldsAt,
  isFields,
  listAt,
  textAt,
} from '../../../../demo/authorization-server/json-fields.ts'
import type { ProtectedResourceOptions } from '../../../../demo/protected-resource/start-protected-resource.ts'
import { startProtectedResource } from '../../../../demo/protected-resource/start-protected-resource.ts'
import type { Teardown } from '../../../support/demo-servers.ts'
import { REQUESTER, startDemoRealm } from '../../../support/demo-servers.ts'

const CHAT = 'llama:inference_chat_completion'

async function startBoth(t: Teardown, options: Partial<ProtectedResourceOptions> = {}) {
  const server = await startDemoRealm(t)
  const { issuer, jwksUri } = server
  const resource = await startProtectedResource({
    issuer,
    jwksUri,
    audience: REQUESTER,
    chunkDelayMs: 1,
    ...options,
  })
  t.teardown(() => resource.close())
  const tokenWith = (scope: string, user = 'alice') =>
    server.issueSubjectToken({ user, claims: { scope } })
  const call = (method: string, path: string, token: string | undefined, body?: unknown) =>
    fetch(`${resource.url}${path}`, {
      method,
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  return { server, resource, tokenWith, call }
}

function readFields(json: string): Fields {
  const value: unknown = JSON.parse(json)
  return isFields(value) ? value : {}
}

function wordOf(completion: Fields, part: 'delta' | 'message'): string {
  const [choice = {}] = listAt(completion, 'choices')
  return textAt(fieldsAt(choice, part), 'content') ?? ''
}

t.test('401s are those of OGX, word by word', async (t) => {
  const { server, resource } = await startBoth(t)
  const mint = (order: object) => server.issueSubjectToken({ user: 'alice', ...order })
  const invalid = 'Invalid JWT token'
  const malformed = 'Invalid Authorization header format'
  const cases: [string | undefined, string][] = [
    [
      undefined,
      `Authentication required. Please provide a valid OAuth2 Bearer token from ${server.issuer}`,
    ],
    [`bearer ${await mint({})}`, malformed],
    ['Basic eDp5', malformed],
    ['Bearer ', malformed],
    ['Bearer x', invalid],
    [`Bearer ${await mint({ expiresInS: -10 })}`, invalid],
    [`Bearer ${await mint({ claims: { aud: 'other' } })}`, invalid],
    [`Bearer ${await mint({ claims: { iss: 'other' } })}`, invalid],
    [`Bearer ${await mint({ claims: { sub: undefined } })}`, 'Authentication service error'],
  ]
  for (const [authorization, message] of cases) {
    const answer = await fetch(`${resource.url}/v1/models`, {
      headers: authorization === undefined ? {} : { authorization },
    })
    t.equal(answer.status, 401, message)
    t.equal(answer.headers.get('www-authenticate'), null)
    t.same(await answer.json(), { error: { message } })
  }
})

t.test('a key set that cannot be had is 503, not the token’s fault', async (t) => {
  const { server, tokenWith, call } = await startBoth(t)
  server.faults.always({ kind: 'answer', status: 500 }, 'certs')
  t.equal((await call('GET', '/v1/models', await tokenWith(''))).status, 503)
})

t.test('of several Authorization fields the last one counts', async (t) => {
  const { resource, tokenWith } = await startBoth(t)
  const last = `Bearer ${await tokenWith('')}`
  const status = await new Promise((resolve, reject) => {
    const headers = ['authorization', 'Bearer x', 'authorization', last, 'host', 'h']
    const sent = request(`${resource.url}/v1/models`, { headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    sent.on('error', reject)
    sent.end()
  })
  t.equal(status, 200)
})

t.test(
  'a route refusal names the route and no scope, as chunked JSON without a challenge',
  async (t) => {
    const { resource, tokenWith, call } = await startBoth(t)
    const token = await tokenWith('openid')
    const routes = [
      ['POST', '/v1/chat/completions'],
      ['POST', '/v1/agents'],
      ['POST', '/v1/agents/x/session'],
      ['GET', '/v1/not/there'],
      ['POST', '/v1/models'],
    ] as const
    for (const [method, path] of routes) {
      const answer = await call(method, path, token, method === 'POST' ? {} : undefined)
      t.equal(answer.status, 403, path)
      t.equal(answer.headers.get('content-type'), 'application/json')
      t.equal(answer.headers.get('content-length'), null)
      t.equal(answer.headers.get('www-authenticate'), null)
      t.same(await answer.json(), {
        error: { message: `Access denied: insufficient permissions for route ${path}` },
      })
    }
    t.ok(
      resource.requests.every(({ body }) => body === undefined),
      'no body was read',
    )
  },
)

t.test('an RFC 6750 refusal names the scope in a challenge', async (t) => {
  const { tokenWith, call } = await startBoth(t)
  const token = await tokenWith('mcp:health_check')
  const challenge = (scope: string) =>
    `Bearer realm="llama-stack", error="insufficient_scope", scope="${scope}"`
  const invoke = (tool_name: string) =>
    call('POST', '/v1/tool-runtime/invoke', token, { tool_name, kwargs: {} })

  const denied = await invoke('get_server_info')
  t.equal(denied.status, 403)
  t.equal(denied.headers.get('www-authenticate'), challenge('mcp:get_server_info'))
  t.equal((await invoke('health_check')).status, 200)
  t.equal((await invoke('nothing')).status, 404)
  const files = await call('POST', '/v1/files', token, {})
  t.equal(files.headers.get('www-authenticate'), challenge('mcp:list_files'))
})

t.test('each route can be told to refuse the other way', async (t) => {
  const { tokenWith, call } = await startBoth(t, { styles: { agents: 'rfc6750', files: 'route' } })
  const token = await tokenWith('')
  const agents = await call('POST', '/v1/agents', token, {})
  t.match(agents.headers.get('www-authenticate'), /scope="llama:agent_create"/)
  t.match(await (await call('GET', '/v1/files', token)).text(), /for route \/v1\/files/)
})

t.test('models, tools and health need no scope', async (t) => {
  const { tokenWith, call } = await startBoth(t)
  const token = await tokenWith('')
  t.equal((await call('GET', '/v1/health', undefined)).status, 200)
  t.match(await (await call('GET', '/v1/models', token)).json(), { data: [{ id: 'stub/tiny' }] })
  for (const path of ['/v1/models/stub%2Ftiny', '/v1/models/stub/tiny?x=1']) {
    t.equal((await call('GET', path, token)).status, 200)
  }
  t.equal((await call('GET', '/v1/models/other', token)).status, 404)
  const tools = await (await call('GET', '/v1/tool-runtime/list-tools', token)).text()
  t.match(tools, /list_files.*get_server_info/)
})

t.test('an agent belongs to the user, with whichever token', async (t) => {
  const { tokenWith, call } = await startBoth(t)
  const created = await call('POST', '/v1/agents', await tokenWith('llama:agent_create'), {})
  const agent_id = textAt(readFields(await created.text()), 'agent_id')
  const session = await tokenWith('llama:agent_session_create')
  const path = `/v1/agents/${agent_id}/session`
  t.match(await (await call('POST', path, session, {})).json(), { session_id: String })
  const other = await tokenWith('llama:agent_session_create', 'root')
  t.equal((await call('POST', path, other, {})).status, 404)
  t.match(await (await call('GET', '/v1/agents', session)).json(), { data: [{ agent_id }] })
})

t.test('a chat completion comes as JSON, or word by word without a final [DONE]', async (t) => {
  const { tokenWith, call } = await startBoth(t)
  const token = await tokenWith(CHAT)
  const ask = (stream: boolean) => call('POST', '/v1/chat/completions', token, { stream })
  const whole = await (await ask(false)).text()
  t.match(JSON.parse(whole), {
    choices: [{ message: { role: 'assistant' }, finish_reason: 'stop' }],
  })

  const streamed = await ask(true)
  t.equal(streamed.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  const reader = streamed.body?.getReader()
  const chunks: string[] = []
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    chunks.push(Buffer.from(part.value).toString('utf8'))
  }
  t.ok(chunks.length > 1, 'it does not arrive in one piece')
  const events = chunks.join('').trimEnd().split('\n\n')
  t.ok(events.every((event) => event.startsWith('data: {')))
  t.match(events.at(-1), /"finish_reason":"stop"/)
  const words = events.map((event) => wordOf(readFields(event.slice('data: '.length)), 'delta'))
  t.equal(words.join(''), wordOf(readFields(whole), 'message'))
})

t.test('a stream whose caller has gone ends, and the server still closes', async (t) => {
  const { tokenWith, resource } = await startBoth(t, { chunkDelayMs: 3_600_000 })
  const answer = await fetch(`${resource.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await tokenWith(CHAT)}` },
    body: '{"stream":true}',
  })
  await answer.body?.cancel()
  await resource.close()
  t.equal(answer.status, 200)
})

t.test('a file is answered with the length and the digest of what arrived', async (t) => {
  const { resource, tokenWith } = await startBoth(t)
  const content = Buffer.from('0123456789'.repeat(20_000))
  const sha256 = createHash('sha256').update(content).digest('hex')
  const headers = { authorization: `Bearer ${await tokenWith('mcp:list_files')}` }
  const url = `${resource.url}/v1/files`

  const raw = await fetch(url, { method: 'POST', headers, body: content })
  t.match(await raw.json(), { object: 'file', bytes: content.length, sha256 })
  t.match(resource.requests.at(-1), { target: '/v1/files', status: 200, body: { sha256 } })

  const form = new FormData()
  form.set('purpose', 'assistants')
  form.set('file', new File([new Uint8Array(content)], 'digits.txt'))
  const multipart = await fetch(url, { method: 'POST', headers, body: form })
  t.match(await multipart.json(), { filename: 'digits.txt', bytes: content.length, sha256 })

  const empty = await fetch(url, { method: 'POST', headers, body: new FormData() })
  t.equal(empty.status, 400)
})
