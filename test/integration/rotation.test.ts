import { createPublicKey } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { jwtVerify } from 'jose'
import t from 'tap'
import type { TestKey } from '../support/client-keys.ts'
import { createTestKey } from '../support/client-keys.ts'
import { REQUESTER } from '../support/demo-servers.ts'
import { createFolder } from '../support/files.ts'
import type { ReceivedRequest, TokenEndpoint } from '../support/token-endpoint.ts'
import { refusal } from '../support/token-endpoint.ts'
import { buildFaultsHouse, startEndpoint } from './faults-house.ts'
import { allSteppedUp, PATIENT, underLoad } from './under-load.ts'

/** Takes only what `isGood` says of the credentials as they are at this moment. */
function guard(
  endpoint: TokenEndpoint,
  isGood: (received: ReceivedRequest) => boolean | Promise<boolean>,
  refused = refusal(401, 'unauthorized_client', 'Invalid client or Invalid client credentials'),
): { readonly refusals: () => number } {
  let refusals = 0
  endpoint.answerAll('token', async (received, response) => {
    if (await isGood(received)) return endpoint.issue()(received, response)
    refusals += 1
    return refused(received, response)
  })
  return { refusals: () => refusals }
}

t.test('the secret is rotated while callers call: no request fails', async (t) => {
  const folder = createFolder(t)
  folder.write({ secret: 'secret-0' })
  const endpoint = await startEndpoint(t)
  let current = 'secret-0'
  const guarded = guard(endpoint, ({ headers }) => {
    const [, encoded = ''] = headers.authorization?.split(' ') ?? []
    return Buffer.from(encoded, 'base64').toString() === `${REQUESTER}:${current}`
  })
  const house = await buildFaultsHouse(t, {
    endpoint,
    env: {
      ...PATIENT,
      KEYCLOAK_CLIENT_SECRET: '',
      KEYCLOAK_CLIENT_SECRET_FILE: folder.path('secret'),
    },
  })
  const rotate = (next: string) => () => {
    current = next
    folder.write({ secret: `${next}\n` })
  }
  allSteppedUp(t, await underLoad(house, [rotate('secret-1'), rotate('secret-2')]))
  t.ok(guarded.refusals() > 0, 'the old one was refused, and the new one read at once')
  t.match(await house.problems(), /"status":"ok"/)
})

t.test('the key of the client is rotated while callers call: no request fails', async (t) => {
  const folder = createFolder(t)
  const keys = [createTestKey('ec'), createTestKey('ed25519'), createTestKey('rsa')]
  const textOf = (key: TestKey | undefined, kid: string) => JSON.stringify({ ...key?.jwk, kid })
  folder.swap({ key: textOf(keys[0], 'k0') })
  const endpoint = await startEndpoint(t)
  let current = 0
  const ids = new Set<unknown>()
  const isGood = async ({ form }: ReceivedRequest) => {
    try {
      const key = createPublicKey(keys[current]?.publicPem ?? '')
      const options = { audience: endpoint.issuer, issuer: REQUESTER, subject: REQUESTER }
      const { payload, protectedHeader } = await jwtVerify(
        form.get('client_assertion') ?? '',
        key,
        options,
      )
      const isNew = !ids.has(payload.jti)
      ids.add(payload.jti)
      return isNew && protectedHeader.kid === `k${current}`
    } catch {
      return false
    }
  }
  const guarded = guard(
    endpoint,
    isGood,
    refusal(400, 'invalid_client', 'Unable to load public key'),
  )
  const house = await buildFaultsHouse(t, {
    endpoint,
    env: {
      ...PATIENT,
      KEYCLOAK_AUTH_METHOD: 'private_key_jwt',
      KEYCLOAK_CLIENT_SECRET: '',
      KEYCLOAK_CLIENT_KEY_FILE: folder.path('key'),
    },
  })
  const rotate = (next: number) => () => {
    current = next
    folder.swap({ key: textOf(keys[next], `k${next}`) })
  }
  allSteppedUp(t, await underLoad(house, [rotate(1), rotate(2)]))
  t.ok(guarded.refusals() > 0)
  t.match(await house.problems(), /"status":"ok"/)
  const known = new Set(house.scopelift.audit.map((line) => line['requestId']))
  const strange = [...ids].filter((id) => !known.has(String(id).split('.')[0]))
  t.same(strange, [], 'each assertion names its request')
  const output = house.scopelift.output()
  const sent = endpoint.exchanges.map(({ form }) => form.get('client_assertion') ?? 'none')
  t.notOk(sent.some((assertion) => output.includes(assertion)))
  t.notOk(keys.some(({ jwk }) => output.includes(String(jwk['d']))))
})

t.test('the assertion is rotated while callers call: no request fails', async (t) => {
  const folder = createFolder(t)
  const endpoint = await startEndpoint(t)
  let current = await endpoint.sign({ sub: 'pod', jti: '0' })
  folder.swap({ token: current })
  const guarded = guard(
    endpoint,
    ({ form }) => form.get('client_assertion') === current && !form.has('client_id'),
    refusal(401, 'invalid_client', 'Invalid client or Invalid client credentials'),
  )
  const house = await buildFaultsHouse(t, {
    endpoint,
    env: {
      ...PATIENT,
      KEYCLOAK_AUTH_METHOD: 'federated_jwt',
      KEYCLOAK_CLIENT_SECRET: '',
      KEYCLOAK_CLIENT_ASSERTION_FILE: folder.path('token'),
    },
  })
  const rotate = (jti: string) => async () => {
    const next = await endpoint.sign({ sub: 'pod', jti })
    current = next
    folder.swap({ token: `${next}\n` })
  }
  allSteppedUp(t, await underLoad(house, [rotate('1'), rotate('2'), rotate('3')]))
  t.match(await house.problems(), /"status":"ok"/)
  t.ok(guarded.refusals() < 30, 'read for each use: only what was under way is refused')
  const output = house.scopelift.output()
  const sent = endpoint.exchanges.map(({ form }) => form.get('client_assertion') ?? 'none')
  t.notOk(sent.some((assertion) => output.includes(assertion)))
})

t.test('a file without an assertion refuses, says so, and heals without a restart', async (t) => {
  const folder = createFolder(t)
  const endpoint = await startEndpoint(t)
  const house = await buildFaultsHouse(t, {
    endpoint,
    env: {
      ...PATIENT,
      KEYCLOAK_AUTH_METHOD: 'federated_jwt',
      KEYCLOAK_CLIENT_SECRET: '',
      KEYCLOAK_CLIENT_ASSERTION_FILE: folder.path('token'),
    },
  })
  t.match(await house.call(), {
    status: 403,
    outcome: 'exchange-refused',
    reason: 'assertion-file',
    isOriginalDenial: true,
  })
  t.match(await house.problems(), /KEYCLOAK_CLIENT_ASSERTION_FILE: cannot be read \(ENOENT\)/)
  t.equal(endpoint.exchanges.length, 0)
  folder.swap({ token: await endpoint.sign({ sub: 'pod' }) })
  while ((await house.call()).status !== 200) await sleep(50)
  t.match(await house.problems(), /"status":"ok"/)
})
