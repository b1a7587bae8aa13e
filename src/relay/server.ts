import { METHODS } from 'node:http'
import httpProxy from '@fastify/http-proxy'
import type { FastifyInstance } from 'fastify'
import fastify from 'fastify'
import type { Dispatcher } from 'undici'
import { admit } from './admission.ts'
import { answerClientError } from './client-error.ts'
import { REFUSALS, sendRefusal } from './refusal.ts'
import type { Admitted, Relay } from './relay.ts'
import { createTurns } from './turn.ts'
import { listenForUpgrades } from './upgrade.ts'

declare module 'fastify' {
  interface FastifyRequest {
    admitted: Admitted | undefined
  }
}

export interface RelayServerOptions {
  readonly relay: Relay
  readonly pseudonym: string
  readonly upstream: URL
  /** One more is closed at once. */
  readonly maxConnections: number
  /** For a head, from its connection or first octet on; the answer is 408 then. It may be a quarter late. */
  readonly headDeadlineMs: number
  /** Handed to http-proxy so that it makes no agent of its own; all dispatching is the relay's. */
  readonly dispatcher: Dispatcher
}

/** Tokens of 300 roles have 12 KB; Node's own bound of 16 KiB would refuse them with 431. In bytes. */
const MAX_HEAD_BYTES = 65_536

/** Fastify and @fastify/http-proxy as the shell: they own listening, routing and closing; every request goes to the relay. */
export async function createRelayServer(options: RelayServerOptions): Promise<FastifyInstance> {
  const { relay, pseudonym } = options
  const app = fastify({
    http: {
      maxHeaderSize: MAX_HEAD_BYTES,
      // A head that is not whole holds up to 64 KiB for a caller of whom nothing is known: Node would wait 60 s, and look every 30.
      headersTimeout: options.headDeadlineMs,
      connectionsCheckingInterval: options.headDeadlineMs / 4,
      // Admission asks for the Host itself, and answers in our envelope.
      requireHostHeader: false,
    },
    exposeHeadRoutes: false,
    requestIdHeader: false,
    // What arrives on open connections while a drain is on is served too.
    return503OnClosing: false,
    // Every target takes the one route: what it means is the upstream's affair, and admission has its say first.
    rewriteUrl: () => '/',
    clientErrorHandler: answerClientError,
  })
  const whenTurnComes = createTurns()
  const methods = METHODS.filter((method) => method !== 'CONNECT')
  for (const method of methods) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: true })
  }
  app.decorateRequest('admitted', undefined)
  app.addHook('onRequest', (request, reply, done) => {
    whenTurnComes(reply.raw, () => {
      const { raw, originalUrl: target } = request
      const { method = '', httpVersion, rawHeaders } = raw
      const admission = admit({ method, target, httpVersion, rawHeaders }, pseudonym)
      if (admission.kind === 'refused') {
        reply.hijack()
        sendRefusal(reply.raw, admission.refusal, { closes: admission.closes })
        return
      }
      request.admitted = { req: raw, target, head: admission.head, path: admission.path }
      // Fastify would refuse an empty or malformed type with 415; the relay sends the caller's own line.
      raw.headers['content-type'] = 'application/octet-stream'
      done()
    })
  })
  await app.register(httpProxy, {
    upstream: options.upstream.origin,
    undici: options.dispatcher,
    httpMethods: methods,
    // Before its own handler, which would parse the target as a URL three times for a relay that sends it as it came.
    preHandler(request, reply) {
      reply.hijack()
      if (request.admitted !== undefined) relay.relay(request.admitted, reply.raw)
    },
  })
  // Node would drop the lines beyond the 1000th, and obey those that frame all the same. Their bytes are bounded.
  app.server.maxHeadersCount = 0
  app.server.maxConnections = options.maxConnections
  // 100 is sent when the body is wanted, not before (RFC 9110 §10.1.1).
  app.server.on('checkContinue', (req, res) => app.server.emit('request', req, res))
  app.server.on('checkExpectation', (_req, res) => sendRefusal(res, REFUSALS.expectation))
  listenForUpgrades(app.server, relay, pseudonym)
  return app
}
