import t from 'tap'
import { logIn } from '../../../src/doctor/log-in.ts'
import { createSecret } from '../../../src/secret.ts'

t.test('what Keycloak says of a login is told by its `error`', async (t) => {
  const rows = [
    [400, 'invalid_grant', 'login-failed'],
    [401, 'invalid_grant', 'login-failed'],
    [401, 'invalid_request', 'login-failed'],
    [400, 'invalid_client', 'login-failed'],
    [401, 'invalid_client', 'login-client-unknown'],
    [401, 'unauthorized_client', 'login-client-unknown'],
    [400, 'unauthorized_client', 'direct-grants-off'],
  ] as const
  for (const [status, error, id] of rows) {
    const reply = {
      kind: 'answered',
      answer: { kind: 'refused-for-user', reason: 'unexpected-refusal' },
      status,
      error,
      description: '',
      askedAtMs: 0,
      answeredAtMs: 0,
    } as const
    const answer = async () => reply
    const found: string[] = []
    const token = await logIn(
      { clientId: 'login', user: 'u', password: createSecret('p') },
      { exchange: answer, clientCredentials: answer, logIn: answer },
      (finding) => found.push(finding.id),
    )
    t.equal(token, undefined)
    t.same(found, [id], `${status} ${error}`)
  }
})
