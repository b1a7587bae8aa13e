import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthorizationServer } from '../../demo/authorization-server/start-authorization-server.ts'
import { REQUESTER, startDemoRealm } from '../support/demo-servers.ts'
import { exchangeRaw } from '../support/raw-http.ts'
import type { Handle, Upstream } from '../support/upstream.ts'
import { startUpstream } from '../support/upstream.ts'
import type { Answer } from './answer.ts'
import { readAnswer } from './answer.ts'
import type { Corpus } from './corpus.ts'
import { createCorpus } from './corpus.ts'
import type { Needles } from './needles.ts'
import { createNeedles } from './needles.ts'
import type { Running, StartOptions } from './running.ts'
import { createStarter } from './running.ts'

/** Keycloak, an upstream that does as it is told, and as many Scopelifts as are asked for. */
export interface House {
  readonly authorizationServer: AuthorizationServer
  readonly upstream: Upstream
  readonly needles: Needles
  readonly corpus: Corpus
  readonly secret: string
  /** How the upstream answers from now on. */
  behave(handle: Handle): void
  /** A fresh subject token: no refusal is remembered of it. */
  token(claims?: Readonly<Record<string, unknown>>, user?: string): Promise<string>
  /** Runs the work with a Scopelift of its own, which is stopped and whose whole output is kept. */
  withScopelift(options: StartOptions, work: (running: Running) => Promise<void>): Promise<void>
  /** Runs it where it must not start; the exit code is asserted. */
  expectExit(code: number, options: StartOptions): Promise<void>
  /** A new file in the house's own folder. */
  file(name: string, text: string): Promise<string>
  close(): Promise<void>
}

/** With every character that a form, JSON, base64 or a header spells in another way. */
const SECRET = 'canary of 100%+1 "odd" characters & more='

export async function startHouse(): Promise<House> {
  const closers: (() => unknown)[] = []
  const t = { teardown: (close: () => unknown) => void closers.unshift(close) }
  const folder = await mkdtemp(join(tmpdir(), 'scopelift-secrets-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const needles = createNeedles()
  const corpus = createCorpus()
  const authorizationServer = await startDemoRealm(t, { env: { KEYCLOAK_CLIENT_SECRET: SECRET } })
  assert.equal(authorizationServer.clientSecret(REQUESTER), SECRET)
  needles.addSecret('the client secret', SECRET)
  recordSignatures(authorizationServer, needles)

  let handle: Handle = (_req, res) => void res.end('ok')
  const upstream = await startUpstream(t, (req, res, seen) => handle(req, res, seen))
  const secretFile = join(folder, 'client-secret')
  await writeFile(secretFile, SECRET)
  let files = 0

  async function file(name: string, text: string): Promise<string> {
    files += 1
    await mkdir(join(folder, String(files)))
    const path = join(folder, String(files), name)
    await writeFile(path, text)
    return path
  }

  const starter = createStarter({
    corpus,
    folder,
    env: {
      KEYCLOAK_SERVER_URL: authorizationServer.url,
      KEYCLOAK_REALM: authorizationServer.realm,
      KEYCLOAK_CLIENT_ID: REQUESTER,
      KEYCLOAK_CLIENT_SECRET_FILE: secretFile,
      KEYCLOAK_AUDIENCE: REQUESTER,
      UPSTREAM_URL: upstream.url,
      PORT: '0',
      ADMIN_PORT: '0',
      LOG_LEVEL: 'trace',
      SHUTDOWN_GRACE_MS: '2000',
    },
  })

  return {
    authorizationServer,
    upstream,
    needles,
    corpus,
    secret: SECRET,
    behave(next) {
      handle = next
    },
    token: (claims = {}, user = 'alice') =>
      authorizationServer.issueSubjectToken({ user, scope: 'openid', claims }),
    withScopelift: starter.withScopelift,
    expectExit: starter.expectExit,
    file,
    async close() {
      for (const close of closers) await close()
    },
  }
}

/** Every token of the realm is signed here, those too that Scopelift refuses and that no upstream ever sees. */
function recordSignatures({ keys }: AuthorizationServer, needles: Needles): void {
  const sign = keys.sign
  keys.sign = async (payload) => {
    const token = await sign(payload)
    const isIssued = String(payload.jti).startsWith('ntrtte')
    needles.addToken(isIssued ? 'an issued token' : 'a subject token', token)
    return token
  }
}

export interface CallOptions {
  readonly method?: string
  readonly target?: string
  readonly lines?: readonly string[]
  readonly body?: string
  /** The upstream puts the caller's or the issued token into its answer: that part is its own affair. */
  readonly isEcho?: boolean
}

/** One request on a connection of its own; the answer is kept for the search. */
export async function call(
  house: House,
  running: Running,
  token: string | undefined,
  options: CallOptions = {},
): Promise<Answer> {
  const {
    method = 'POST',
    target = '/v1/agents',
    lines = [],
    body = '{}',
    isEcho = false,
  } = options
  const head = [
    `${method} ${target} HTTP/1.1`,
    'Host: x',
    'Connection: close',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...lines,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return callRaw(house, running, `${head.join('\r\n')}\r\n\r\n${body}`, isEcho)
}

export async function callRaw(
  house: House,
  running: Running,
  request: string,
  isEcho = false,
): Promise<Answer> {
  const answer = readAnswer(await exchangeRaw(running.url, request))
  const kind = answer.isOwn ? 'own answer' : 'relayed answer'
  house.corpus.add(kind, running.name, isEcho && !answer.isOwn ? answer.ownLines : answer.text)
  running.note(answer)
  return answer
}
