// The least that a Node server can be: node:http, answering by itself.
import { createServer } from 'node:http'
import { readEnvironment } from './environment.ts'

createServer((_req, res) => res.end('ok\n')).listen(readEnvironment().port, '127.0.0.1')
