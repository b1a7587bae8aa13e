// What Scopelift is measured against: @fastify/http-proxy with its defaults.
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'
import { readEnvironment } from './environment.ts'

const { port, upstream } = readEnvironment()
const app = fastify()
await app.register(httpProxy, { upstream })
await app.listen({ port, host: '127.0.0.1' })
