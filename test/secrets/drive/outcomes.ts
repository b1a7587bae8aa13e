import assert from 'node:assert/strict'
import type { Check } from '../../e2e/check.ts'
import { readAll, requireScope, scopesOf } from '../../support/upstream.ts'
import type { House } from '../house.ts'
import { call } from '../house.ts'
import type { Running } from '../running.ts'

const SCOPE = 'llama:agent_create'

/** Every way in which a request can end, with a secret in its query, its body, and the fields that carry credentials. */
export function outcomeChecks(house: House): readonly Check[] {
  return [
    {
      sentence: 'answers that need no exchange, or cannot have one',
      run: () =>
        house.withScopelift({ name: 'no exchange' }, (running) => noExchange(house, running)),
    },
    {
      sentence: 'stepped up, pre-empted, reissued, denied again, not granted',
      run: () => house.withScopelift({ name: 'exchanges' }, (running) => exchanges(house, running)),
    },
    {
      sentence: 'a body beyond its bound',
      run: () =>
        house.withScopelift(
          { name: 'large body', env: { REPLAY_MAX_BYTES: '100000' } },
          async (running) => {
            house.behave(async (req, res, seen) => {
              await readAll(req, seen)
              if (requireScope(req, res, SCOPE)) res.end('granted')
            })
            const body = house.needles.plant('a large request body').padEnd(300_000, '.')
            const token = await house.token()
            await expectOutcome(house, running, 'body-not-replayable', token, { body })
            await expectOutcome(house, running, 'preempted', token, { body })
          },
        ),
    },
    {
      sentence: 'the budget of one user is spent',
      run: () =>
        house.withScopelift(
          { name: 'budget', env: { EXCHANGES_PER_MINUTE: '1' } },
          async (running) => {
            house.behave((req, res) => {
              if (requireScope(req, res, SCOPE)) res.end('granted')
            })
            await expectOutcome(house, running, 'stepped-up', await house.token())
            await expectOutcome(house, running, 'exchange-refused', await house.token())
          },
        ),
    },
    {
      sentence: 'policy forbids what the upstream names',
      run: () =>
        house.withScopelift({ name: 'forbidden', env: { ALLOWED_SCOPES: 'mcp:*' } }, (running) => {
          house.behave((req, res) => void requireScope(req, res, SCOPE))
          return house
            .token()
            .then((token) => expectOutcome(house, running, 'scope-not-allowed', token))
        }),
    },
  ]
}

async function noExchange(house: House, running: Running): Promise<void> {
  house.behave((_req, res) => void res.end('ok'))
  await expectOutcome(house, running, 'forwarded', await house.token())
  house.behave((_req, res) => void res.writeHead(403).end('no'))
  await expectOutcome(house, running, 'no-hint', await house.token())
  house.behave((_req, res) => void res.writeHead(403).end('x'.repeat(200_000)))
  await expectOutcome(house, running, 'denial-too-large', await house.token())
  house.behave((req, res) => void requireScope(req, res, SCOPE))
  await expectOutcome(house, running, 'no-subject-token', undefined)
  for (const token of await unusableTokens(house)) {
    await expectOutcome(house, running, 'subject-token-unusable', token)
  }
}

async function unusableTokens({ token, needles }: House): Promise<readonly string[]> {
  const [head, payload, signature = ''] = (await token()).split('.')
  const octets = Buffer.from(signature, 'base64url').reverse()
  const forged = `${head}.${payload}.${octets.toString('base64url')}`
  needles.addToken('a forged token', forged)
  const opaque = needles.plant('an opaque token')
  const aMinuteAgo = Math.floor(Date.now() / 1000) - 60
  return [
    forged,
    opaque,
    await token({ exp: aMinuteAgo }),
    await token({ iss: 'https://elsewhere.example/realms/x' }),
    await token({ cnf: { jkt: 'x' } }),
  ]
}

async function exchanges(house: House, running: Running): Promise<void> {
  let isTired = false
  house.behave(async (req, res, seen) => {
    await readAll(req, seen)
    if (!requireScope(req, res, SCOPE)) return
    if (!isTired) return void res.end('granted')
    isTired = false
    res.writeHead(401, { 'content-type': 'application/json' })
    res.end('{"error":{"message":"Invalid JWT token"}}')
  })
  const token = await house.token()
  await expectOutcome(house, running, 'stepped-up', token)
  await expectOutcome(house, running, 'preempted', token)
  isTired = true
  await expectOutcome(house, running, 'reissued', token)
  await expectOutcome(house, running, 'scope-not-granted', await house.token({}, 'nobody'))
  house.behave((req, res) => {
    const isElevated = scopesOf(req.headers.authorization).includes(SCOPE)
    if (isElevated) res.writeHead(403).end('second denial')
    else requireScope(req, res, SCOPE)
  })
  await expectOutcome(house, running, 'replay-denied', await house.token())
}

export async function expectOutcome(
  house: House,
  running: Running,
  outcome: string,
  token: string | undefined,
  options: { readonly body?: string; readonly isEcho?: boolean } = {},
): Promise<void> {
  const { needles } = house
  const answer = await call(house, running, token, {
    target: `/v1/agents?access_token=${needles.plant('a query string')}`,
    lines: [
      `Cookie: session=${needles.plant('a cookie')}`,
      `X-Api-Key: ${needles.plant('an API key')}`,
      `Proxy-Authorization: Basic ${needles.plant('a proxy credential')}`,
      `X-LlamaStack-Provider-Data: {"key":"${needles.plant('provider data')}"}`,
    ],
    body: JSON.stringify({ password: needles.plant('a request body') }),
    ...options,
  })
  assert.equal(answer.outcome, outcome)
}
