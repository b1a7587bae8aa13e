import type { Handler } from './call.ts'
import { sendError, sendJson } from './call.ts'

export const MODEL = 'stub/tiny'

const DESCRIPTION = { id: MODEL, object: 'model', created: 1_760_000_000, owned_by: 'llama_stack' }

export const listModels: Handler = ({ response }) => {
  sendJson(response, 200, { object: 'list', data: [DESCRIPTION] })
}

export const showModel: Handler = ({ response, parameters: [model] }) => {
  if (model === MODEL) sendJson(response, 200, DESCRIPTION)
  else sendError(response, 404, `Model '${model}' not found`)
}
