import type { RequestListener } from 'node:http'
import type { Test } from 'tap'
import { startDemoRealm } from './demo-servers.ts'
import { createFolder } from './files.ts'
import { demoSettings, runInspection } from './inspect.ts'
import { startUpstream } from './upstream.ts'

const POLICY = 'routes: [{ match: { path: /v1/files }, scopes: ["mcp:list_files"] }]\n'
export const refuse: RequestListener = (_request, response) => void response.writeHead(401).end()

/** The ids of all that is no tick, asked of the stand-in for Keycloak and of an upstream that answers so. */
export async function findWrong(
  t: Test,
  options: {
    readonly answer?: RequestListener
    readonly env?: (folder: string) => Readonly<Record<string, string>>
    readonly policy?: string
  } = {},
) {
  const realm = await startDemoRealm(t)
  const upstream = await startUpstream(t, options.answer ?? refuse)
  const folder = createFolder(t)
  folder.write({ 'policy.yaml': options.policy ?? POLICY })
  const { code, output } = await runInspection({
    args: ['doctor', '--json', '--login', 'alice'],
    env: {
      ...demoSettings(realm),
      SCOPELIFT_LOGIN_PASSWORD: 'alice',
      UPSTREAM_URL: upstream.url,
      POLICY_FILE: folder.path('policy.yaml'),
      ...options.env?.(folder.path('')),
    },
  })
  const { findings }: { findings: { id: string; verdict: string; sentence: string }[] } =
    JSON.parse(output)
  const wrong = findings.filter(({ verdict }) => verdict !== 'ok')
  return {
    code,
    ids: wrong.map(({ id }) => id),
    sentences: wrong.map((one) => one.sentence),
    upstream,
  }
}
