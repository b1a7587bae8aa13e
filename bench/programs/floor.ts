// The floor of Node and undici: node:http and a dispatch.
import { createServer } from 'node:http'
import { Agent } from 'undici'
import { readEnvironment } from './environment.ts'
import { relayByDispatch } from './relay-by-dispatch.ts'

const { port, upstream } = readEnvironment()
const agent = new Agent()
createServer((req, res) => relayByDispatch({ agent, origin: upstream, req, res })).listen(
  port,
  '127.0.0.1',
)
