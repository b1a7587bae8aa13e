// The ceiling: Fastify, the answer hijacked, undici's dispatch, and nothing else.
import fastify from 'fastify'
import { Agent } from 'undici'
import { readEnvironment } from './environment.ts'
import { relayByDispatch } from './relay-by-dispatch.ts'

const { port, upstream } = readEnvironment()
const agent = new Agent()
const app = fastify()
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', (_request, _payload, done) => done(null))
app.all('/*', (request, reply) => {
  reply.hijack()
  relayByDispatch({ agent, origin: upstream, req: request.raw, res: reply.raw })
})
await app.listen({ port, host: '127.0.0.1' })
