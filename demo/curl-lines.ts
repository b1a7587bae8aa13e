import { LOGIN_CLIENT } from './stage.ts'

export interface Addresses {
  readonly tokenEndpoint: string
  readonly scopeliftUrl: string
  readonly adminUrl: string
  readonly llamaStackUrl: string
}

/** Lines for a POSIX shell with curl and Node, in the order in which they are meant to be tried. */
export function curlLines(addresses: Addresses): readonly string[] {
  const { tokenEndpoint, scopeliftUrl, adminUrl, llamaStackUrl } = addresses
  return [
    '# An access token of alice; root and nobody have their names for passwords, too.',
    `TOKEN=$(curl -s ${tokenEndpoint} \\`,
    `  -d grant_type=password -d client_id=${LOGIN_CLIENT} -d username=alice -d password=alice |`,
    `  node -p 'JSON.parse(fs.readFileSync(0)).access_token')`,
    '',
    '# Denied by Llama Stack itself, granted through Scopelift: see scopelift-outcome.',
    ...post(`-sSi ${llamaStackUrl}/v1/agents`, '{"agent_config":{"model":"stub/tiny"}}'),
    ...post(`-sSi ${scopeliftUrl}/v1/agents`, '{"agent_config":{"model":"stub/tiny"}}'),
    '',
    '# A stream, a tool, and a tool that is for admins only.',
    ...post(`-sSiN ${scopeliftUrl}/v1/chat/completions`, '{"stream":true,"messages":[]}'),
    ...post(`-sSi ${scopeliftUrl}/v1/tool-runtime/invoke`, '{"tool_name":"list_files"}'),
    ...post(`-sSi ${scopeliftUrl}/v1/tool-runtime/invoke`, '{"tool_name":"get_server_info"}'),
    '',
    '# What an operator sees.',
    `curl -s ${adminUrl}/readyz`,
    `curl -s ${adminUrl}/metrics | grep ^scopelift_`,
  ]
}

function post(options: string, json: string): string[] {
  return [
    `curl ${options} \\`,
    `  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
    `  -d '${json}'; echo`,
  ]
}
