import { randomUUID } from 'node:crypto'
import type { Handler } from './call.ts'
import { sendError, sendJson } from './call.ts'

export interface Agents {
  readonly create: Handler
  readonly list: Handler
  readonly openSession: Handler
}

/** Agents belong to the `sub` that made them, with whichever of its tokens; to others they do not exist. Keeps the last 1000. */
export function createAgents(): Agents {
  const owners = new Map<string, string>()
  return {
    create({ caller, response }) {
      const id = randomUUID()
      const [oldest] = owners.keys()
      if (owners.size >= 1000 && oldest !== undefined) owners.delete(oldest)
      owners.set(id, caller.sub)
      sendJson(response, 200, { agent_id: id })
    },
    list({ caller, response }) {
      const own = [...owners].filter(([, owner]) => owner === caller.sub)
      sendJson(response, 200, { data: own.map(([id]) => ({ agent_id: id })) })
    },
    openSession({ caller, response, parameters: [agent = ''] }) {
      if (owners.get(agent) === caller.sub) sendJson(response, 200, { session_id: randomUUID() })
      else sendError(response, 404, `Agent '${agent}' not found`)
    },
  }
}
