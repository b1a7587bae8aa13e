import assert from 'node:assert/strict'
import type { Check } from '../../e2e/check.ts'
import { exchangeRaw } from '../../support/raw-http.ts'
import { requireScope } from '../../support/upstream.ts'
import type { House } from '../house.ts'
import { call, callRaw } from '../house.ts'
import type { Running } from '../running.ts'

const SCOPE = 'llama:agent_create'

/** The token in every part of a message, well-formed or not. */
export function requestChecks(house: House): readonly Check[] {
  return [
    {
      sentence: 'requests that are refused at the door, each with a token in another place',
      run: () => house.withScopelift({ name: 'refused' }, (running) => refused(house, running)),
    },
    {
      sentence: 'denied requests with a token in path, query and header names: the path is logged',
      run: () => house.withScopelift({ name: 'odd places' }, (running) => odd(house, running)),
    },
    {
      sentence: 'the admin listener is asked with tokens, well-formed or not',
      run: () => house.withScopelift({ name: 'admin' }, (running) => askAdmin(house, running)),
    },
  ]
}

const HOST = 'Host: x\r\nConnection: close\r\n'

async function refused(house: House, running: Running): Promise<void> {
  house.behave((_req, res) => void res.end('ok'))
  const bearer = async () => `Authorization: Bearer ${await house.token()}\r\n`
  const token = await house.token()
  const requests: readonly (readonly [code: string, request: string])[] = [
    ['multiple_authorization', `GET / HTTP/1.1\r\n${HOST}${await bearer()}${await bearer()}\r\n`],
    ['invalid_target', `GET /v1/../${token} HTTP/1.1\r\n${HOST}\r\n`],
    ['invalid_target', `GET /${token}/%2e%2e/ HTTP/1.1\r\n${HOST}${await bearer()}\r\n`],
    ['invalid_target', `GET http://x/${token} HTTP/1.1\r\n${HOST}\r\n`],
    ['invalid_request', `GET /${token}\x01 HTTP/1.1\r\n${HOST}\r\n`],
    ['invalid_request', `GET /${token} HTTP/9.9\r\n${HOST}\r\n`],
    ['invalid_request', `${token} / HTTP/1.1\r\n${HOST}\r\n`],
    ['invalid_request', `GET / HTTP/1.1\r\n${HOST}${token} no colon\r\n\r\n`],
    ['invalid_request', `GET / HTTP/1.1\r\n${HOST}X: ${token}\u0000\r\n\r\n`],
    ['invalid_request', `GET / HTTP/1.1\r\n${await bearer()}\r\n`],
    ['invalid_request', `POST / HTTP/1.1\r\n${HOST}Content-Length: ${token}\r\n\r\n`],
    ['invalid_request', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: ${token}\r\n\r\n0\r\n\r\n`],
    ['headers_too_large', `GET / HTTP/1.1\r\n${HOST}X: ${token.repeat(100)}\r\n\r\n`],
    ['method_not_allowed', `TRACE /${token} HTTP/1.1\r\n${HOST}${await bearer()}\r\n`],
    ['method_not_allowed', `CONNECT ${token}:443 HTTP/1.1\r\n${HOST}${await bearer()}\r\n`],
  ]
  for (const [code, request] of requests) {
    const answer = await callRaw(house, running, request)
    assert.equal(
      answer.code,
      code,
      `answer to request ${requests.findIndex(([, r]) => r === request)}`,
    )
  }
  const ours = /^via: 1\.1 (.+)$/im.exec((await call(house, running, token)).text)?.[1]
  const loop = await call(house, running, token, { lines: [`Via: 1.1 ${ours}, 1.1 ${token}`] })
  assert.equal(loop.code, 'loop_detected')
}

/**
 * A path is logged as it is sent, but a token in it is masked wherever it stands as one, also percent-encoded. A caller who
 * takes its own token apart has its pieces logged.
 */
async function odd(house: House, running: Running): Promise<void> {
  house.behave((req, res) => void requireScope(req, res, SCOPE))
  const paths: readonly ((token: string) => string)[] = [
    (token) => `/v1/agents/${token}`,
    (token) => `/v1/agents/${token}/`,
    (token) => `/v1/x${token}`,
    (token) => `/v1/_${token}`,
    (token) => `/v1/agents-${token}`,
    (token) => `/v1/Bearer%20${token}`,
    (token) => `/v1/token=${token};x`,
    (token) => `/v1/${token.replaceAll('.', '%2E')}`,
    (token) => `/v1/${encodeAll(token)}`,
    (token) => `/v1/${token.slice(0, -40)}`,
    (token) => `/v1/${'segment/'.repeat(50)}${token}`,
    (token) => `/v1/${'segment/'.repeat(25)}${token}`,
    (token) => `/v1/agents?token=${token}&x=${token}`,
    (token) => `/v1/agents%3Ftoken=${token}`,
  ]
  for (const path of paths) {
    const token = await house.token({}, 'nobody')
    const answer = await call(house, running, token, {
      target: path(token),
      lines: [
        `X-${token.replaceAll('.', '-')}: 1`,
        `X: ${token}`,
        `Origin: https://${token}.example`,
      ],
    })
    assert.equal(answer.outcome, 'scope-not-granted')
  }
}

function encodeAll(text: string): string {
  return Buffer.from(text).toString('hex').replace(/../g, '%$&')
}

async function askAdmin(house: House, running: Running): Promise<void> {
  const token = await house.token()
  const headers = { authorization: `Bearer ${token}`, cookie: token }
  await running.ask(`/metrics?token=${token}`, { headers })
  await running.ask(`/readyz?${token}`, { headers })
  await running.ask(`/${token}`, { headers })
  await running.ask('/healthz', { method: 'POST', headers, body: token })
  for (const request of [
    `${token}\r\n\r\n`,
    `GET /${token} HTTP/9.9\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${token.repeat(50)}\r\n\r\n`,
  ]) {
    house.corpus.add('health', running.name, await exchangeRaw(running.adminUrl, request))
  }
}
