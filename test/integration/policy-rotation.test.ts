import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { createFolder } from '../support/files.ts'
import { startScopelift } from '../support/scopelift.ts'
import { scopesOf, startUpstream } from '../support/upstream.ts'

const SCOPE = 'llama:inference_chat_completion'
const CALLERS = 6
const TURNS = 2

/** Two versions of a policy under which every call is granted, and the outcome or route by which each is known. */
const POLICY_FILE = {
  setting: 'POLICY_FILE',
  versions: [
    [`routes: [{ match: { path: /v1/* }, scopes: ["${SCOPE}"], preempt: false }]\n`, 'stepped-up'],
    [`routes: [{ match: { path: /v1/* }, scopes: ["${SCOPE}"] }]\n`, 'preempted'],
  ],
} as const
const LLAMA_STACK_CONFIG = {
  setting: 'LLAMA_STACK_CONFIG',
  versions: [
    [toOgxConfig('/v1/chat*'), 'LLAMA_STACK_CONFIG rule 1'],
    [toOgxConfig('/v1/health', '/v1/chat*'), 'LLAMA_STACK_CONFIG rule 2'],
  ],
} as const

function toOgxConfig(...paths: readonly string[]): string {
  const rules = paths.map(
    (path) => `    - {permit: {paths: "${path}"}, when: user with ${SCOPE} in scopes}\n`,
  )
  return `server:
  auth:
    provider_config: {type: oauth2_token, claims_mapping: {scope: scopes}}
    route_policy:
${rules.join('')}`
}

/** Refuses as OGX does, without naming a scope: without the policy of the moment a call would fail. */
async function startHouse(t: Test, env: Readonly<Record<string, string>>) {
  const authorizationServer = await startDemoRealm(t)
  const upstream = await startUpstream(t, (req, res) => {
    if (scopesOf(req.headers.authorization).includes(SCOPE)) return void res.end('granted')
    const message = `Access denied: insufficient permissions for route ${req.url}`
    res.writeHead(403, { 'content-type': 'application/json' })
    res.end(JSON.stringify({ error: { message } }))
  })
  const scopelift = await startScopelift(t, {
    upstreamUrl: upstream.url,
    authorizationServer,
    env: { ...env, EXCHANGE_TIMEOUT_MS: '20000' },
  })
  const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
  const call = async () => {
    const answer = await fetch(`${scopelift.url}/v1/chat`, {
      headers: { authorization: `Bearer ${token}` },
    })
    await answer.text()
    await sleep(2)
    return answer.status
  }
  return { scopelift, call }
}

for (const { setting, versions } of [POLICY_FILE, LLAMA_STACK_CONFIG]) {
  // By renaming the file, and by Kubernetes' replacing of the link `..data`.
  for (const how of ['write', 'swap'] as const) {
    t.test(`${setting} is replaced under load (${how}): no request fails`, async (t) => {
      const folder = createFolder(t)
      folder[how]({ policy: versions[0][0] })
      const { scopelift, call } = await startHouse(t, { [setting]: folder.path('policy') })
      const statuses = new Set<number>()
      let isOver = false
      const callers = Array.from({ length: CALLERS }, async () => {
        while (!isOver) statuses.add(await call())
      })
      for (let turn = 1; turn <= TURNS; turn += 1) {
        const [policy, mark] = versions[turn % 2 === 0 ? 0 : 1]
        folder[how]({ policy })
        const isSeen = () => {
          const last = scopelift.audit.at(-1)
          return last?.['outcome'] === mark || last?.['route'] === mark
        }
        while (!isSeen()) await sleep(200)
      }
      isOver = true
      await Promise.all(callers)
      t.same([...statuses], [200])
      t.notMatch(scopelift.output(), /"level":"error"/)
    })
  }
}
