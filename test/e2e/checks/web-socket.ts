import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import WebSocket from 'ws'
import type { Check } from '../check.ts'
import type { House } from '../house.ts'
import { dig } from '../json.ts'

const TIMEOUT_MS = 30_000

/** `/v1/responses` is also a WebSocket; a refused handshake has no body, so only policy can help it. */
export function webSocketChecks(house: House, alice: string, nobody: string): readonly Check[] {
  const url = `${house.origin.replace('http', 'ws')}/v1/responses`
  return [
    {
      sentence: 'a WebSocket is stepped up at its handshake and carries a whole response',
      async run() {
        const types = await talk(house, open(url, alice))
        assert.equal(types.at(-1), 'response.completed')
      },
    },
    {
      sentence: 'without the role the handshake gets the empty 403 of OGX',
      async run() {
        const { statusCode, headers } = await refused(open(url, nobody))
        assert.equal(statusCode, 403)
        assert.equal(headers['content-length'], '0')
        assert.equal(headers['scopelift-outcome'], 'scope-not-granted')
      },
    },
  ]
}

function open(url: string, token: string): WebSocket {
  const headers = { authorization: `Bearer ${token}` }
  return new WebSocket(url, { headers, handshakeTimeout: TIMEOUT_MS })
}

/** Sends one `response.create` and lists the types of the events until the response is complete. */
function talk({ transcript }: House, socket: WebSocket): Promise<string[]> {
  const turn = { type: 'response.create', model: 'stub/tiny', input: 'Hello' }
  return new Promise((resolve, reject) => {
    const types: string[] = []
    const timer = setTimeout(() => socket.terminate(), TIMEOUT_MS)
    socket.on('open', () => socket.send(JSON.stringify(turn)))
    socket.on('message', (data) => {
      transcript.add(data.toString())
      const type = String(dig(JSON.parse(data.toString()), 'type'))
      types.push(type)
      if (type === 'response.completed' || type === 'error') socket.close()
    })
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(types)
    })
  })
}

function refused(socket: WebSocket): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (request, response) => {
      request.destroy()
      resolve(response)
    })
    socket.on('error', reject)
    socket.on('open', () => {
      socket.terminate()
      reject(new Error('the handshake was accepted'))
    })
  })
}
