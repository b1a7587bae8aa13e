import t from 'tap'
import { checkAudiences } from '../../../src/doctor/check-audience.ts'
import { judgeClientFault } from '../../../src/doctor/check-client.ts'
import { checkStepUp } from '../../../src/doctor/check-step-up.ts'
import type { TokenReply } from '../../../src/doctor/token-endpoint.ts'
import { createScopeRules } from '../../../src/policy/scope-rules.ts'
import { createSecret } from '../../../src/secret.ts'
import { parseTokenClaims } from '../../../src/subject-token.ts'
import { parseExchangeResponse } from '../../../src/token-exchange/exchange-response.ts'

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const FACTS = {
  client: 'c',
  method: 'client_secret_basic',
  issuer: 'http://kc/realms/r',
  realmUrl: 'http://kc/realms/r',
  origin: 'http://kc',
  hasCertificate: false,
  assertion: { reason: '', claims: '' },
}

function subjectWith(scopes: readonly string[]) {
  const text = `${encode({ alg: 'RS256' })}.${encode({ azp: 'login', scope: scopes.join(' ') })}.c2ln`
  return { token: createSecret(text), claims: parseTokenClaims(text), digest: 'd' }
}

function answered(status: number, body: object): TokenReply {
  const texts = { error: '', error_description: '', ...body }
  const text = Buffer.from(JSON.stringify(body))
  return {
    kind: 'answered',
    answer: parseExchangeResponse({ status, contentType: 'application/json', body: text }),
    status,
    error: texts.error,
    description: texts.error_description,
    askedAtMs: 0,
    answeredAtMs: 0,
  }
}

const ISSUED = answered(200, { access_token: 'x', token_type: 'Bearer', scope: '' })
const refused = (status: number, error: string, error_description = '') =>
  answered(status, { error, error_description })

/** Says these answers, one after another, and the last again and again. */
function endpointThatSays(...replies: readonly TokenReply[]) {
  const left = [...replies]
  const answer = async () => (left.length > 1 ? left.shift() : left[0]) ?? ISSUED
  return { exchange: answer, clientCredentials: answer, logIn: answer }
}

async function audiences(names: readonly string[], ...replies: readonly TokenReply[]) {
  const found: { id: string; sentence: string }[] = []
  await checkAudiences({
    subject: subjectWith([]),
    facts: FACTS,
    tokenEndpoint: endpointThatSays(...replies),
    scopes: [],
    audiences: names,
    add: (finding) => found.push(finding),
  })
  return found
}

t.test('no answer to the question for an audience passes in silence', async (t) => {
  const rows: readonly (readonly [TokenReply, readonly string[]])[] = [
    [ISSUED, ['audience-available']],
    [refused(400, 'invalid_client', 'Audience not found'), ['audience-unknown']],
    [
      refused(400, 'invalid_request', 'Requested audience not available: a'),
      ['audience-not-available'],
    ],
    [{ kind: 'none', reason: 'ECONNREFUSED' }, ['keycloak-unreachable', 'audience-untested']],
    [{ kind: 'no-credentials' }, ['client-assertion-missing', 'audience-untested']],
    [refused(503, ''), ['keycloak-starting', 'audience-untested']],
    [refused(429, ''), ['client-answer-unexpected', 'audience-untested']],
    [refused(400, 'invalid_request', 'Invalid token'), ['token-refused', 'audience-untested']],
    [refused(403, 'access_denied'), ['token-not-for-client', 'audience-untested']],
    [
      refused(400, 'invalid_scope', 'Invalid scopes: x'),
      ['client-answer-unexpected', 'audience-untested'],
    ],
    [refused(400, 'access_denied', 'by policy'), ['client-answer-unexpected', 'audience-untested']],
    [refused(401, 'unauthorized_client'), ['client-secret-wrong', 'audience-untested']],
  ]
  for (const [reply, ids] of rows) {
    const found = await audiences(['a'], reply)
    t.same(
      found.map(({ id }) => id),
      ids,
    )
  }
})

t.test(
  'of a federated token the finding says what is in it, and nothing of a private key',
  async (t) => {
    const federated = { ...FACTS, method: 'federated_jwt' }
    const claims = "aud 'x' is not the issuer alone"
    const reply = refused(400, 'invalid_client', 'Invalid token audience')
    const found = judgeClientFault(reply, { ...federated, assertion: { reason: '', claims } })
    t.equal(found.id, 'federated-assertion-refused')
    t.match(found.sentence, /Invalid token audience.*is not the issuer alone/)
    t.notMatch(found.remedy, /key/)
    const assertion = { reason: 'holds no signed JWT', claims: '' }
    const unreadable = judgeClientFault({ kind: 'no-credentials' }, { ...federated, assertion })
    t.equal(unreadable.id, 'client-assertion-unreadable')
    t.match(unreadable.sentence, /holds no signed JWT/)
  },
)

t.test('what was tested before an obstacle stays said, and the rest is named', async (t) => {
  const found = await audiences(['a', 'b', 'd'], ISSUED, refused(503, ''))
  t.same(
    found.map(({ id }) => id),
    ['keycloak-starting', 'audience-untested', 'audience-available'],
  )
  t.match(found[1]?.sentence, /'b', 'd'/)
})

t.test('more audiences than are tested are counted', async (t) => {
  const names = Array.from({ length: 21 }, (_, index) => `a${index}`)
  const found = await audiences(names, ISSUED)
  t.same(
    found.map(({ id }) => id),
    ['audiences-too-many', 'audience-available'],
  )
  t.match(found[0]?.sentence, /21 audiences; only the first 20/)
})

async function held(count: number, ...replies: readonly TokenReply[]) {
  const found: { id: string; sentence: string }[] = []
  const scopes = Array.from({ length: count }, (_, index) => `s${index}`)
  await checkStepUp({
    subject: subjectWith(scopes),
    facts: FACTS,
    probe: {
      attached: ['x'],
      notAttached: [],
      granted: new Set(['x']),
      issued: undefined,
      obstacle: undefined,
    },
    scopeRules: createScopeRules({ allowed: ['x'], denied: [], isDeniedDefault: false }),
    tokenEndpoint: endpointThatSays(...replies),
    add: (finding) => found.push(finding),
  })
  return found.map(({ id }) => id)
}

t.test('what ends the question for the scopes that the caller holds is said', async (t) => {
  t.same(await held(2, refused(503, '')), ['step-up-granted', 'keycloak-starting'])
  t.same(await held(2, refused(400, 'invalid_request', 'Invalid token')), [
    'step-up-granted',
    'token-refused',
  ])
})

t.test('more held scopes than are tested are counted, and the first of them tested', async (t) => {
  const lost = refused(400, 'invalid_scope', 'Invalid scopes: s')
  t.same(await held(51, ISSUED), ['step-up-granted', 'held-scopes-too-many'])
  t.same(await held(51, lost), ['step-up-granted', 'held-scopes-too-many', 'held-scopes-lost'])
})
