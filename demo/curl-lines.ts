import { LOGIN_CLIENT } from './stage.ts'

export interface Addresses {
  readonly tokenEndpoint: string
  readonly scopeliftUrl: string
  readonly adminUrl: string
  readonly llamaStackUrl: string
  /** Of the Scopelift that runs. */
  readonly settings: Readonly<Record<string, string>>
}

/** Lines for a POSIX shell with curl and Node, in the order in which they are meant to be tried. */
export function curlLines(addresses: Addresses): readonly string[] {
  const { tokenEndpoint, scopeliftUrl, adminUrl, llamaStackUrl, settings } = addresses
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
    '',
    '# What doctor finds with the same settings, in the folder of this checkout.',
    'printf %s "$TOKEN" |',
    ...Object.entries(settings).map(([name, value]) => `  ${name}=${quote(value)} \\`),
    '  npx scopelift doctor --token-file -',
  ]
}

/** As one word of the shell: a path may have spaces. */
function quote(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function post(options: string, json: string): string[] {
  return [
    `curl ${options} \\`,
    `  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
    `  -d '${json}'; echo`,
  ]
}
