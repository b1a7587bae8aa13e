import { textAt } from '../authorization-server/json-fields.ts'
import type { Call, Handler } from './call.ts'
import { sendError, sendJson } from './call.ts'
import type { ReadBody } from './request-body.ts'
import { parseJson } from './request-body.ts'

interface Tool {
  readonly description: string
  readonly answer: string
}

const TOOLS: ReadonlyMap<string, Tool> = new Map([
  [
    'list_files',
    { description: 'Lists the files of the workspace', answer: 'README.md, notes.txt, plan.md' },
  ],
  [
    'get_server_info',
    { description: 'Tells what the MCP server is', answer: 'mcp-files 1.4.2, 3 tools' },
  ],
  ['health_check', { description: 'Asks whether the MCP server is well', answer: 'ok' }],
])

export const listTools: Handler = ({ response }) => {
  const data = [...TOOLS].map(([name, { description }]) => ({
    name,
    description,
    toolgroup_id: 'mcp::files',
  }))
  sendJson(response, 200, { data })
}

/** The scope that a tool wants: `mcp:` and its name; `undefined` for a body that names no tool of ours. */
export function scopeOfTool(body: ReadBody): string | undefined {
  const name = toolName(body)
  return name === undefined ? undefined : `mcp:${name}`
}

export const invokeTool: Handler = ({ body, response }: Call) => {
  const tool = TOOLS.get(toolName(body) ?? '')
  if (tool === undefined) sendError(response, 404, 'Tool not found')
  else sendJson(response, 200, { content: tool.answer, error_message: null, error_code: null })
}

function toolName(body: ReadBody): string | undefined {
  const name = textAt(parseJson(body), 'tool_name')
  return name !== undefined && TOOLS.has(name) ? name : undefined
}
