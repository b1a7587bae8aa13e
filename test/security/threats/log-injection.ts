import type { Check, Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual, expectThat, expectWithout } from '../expect.ts'
import type { House } from '../lab.ts'
import { buildHouse, SCOPE, tokenOf } from '../lab.ts'
import { exchange, headOf } from '../wire.ts'

const FORGED_LINE = '\n{"level":30,"msg":"audit","outcome":"kit-forged"}'
const CONTROLS = '\u001b[2J\u0007\r\n\u2028kit'

export const logInjection: Line = {
  id: 'T17',
  topic: 'log injection, secrets in logs',
  rule: 'JSON lines of known fields, texts bounded, controls replaced, no query string',
  checks: [
    inLab('a subject that holds line breaks and controls stays on its line', async (lab) => {
      const house = await buildHouse(lab)
      await house.call({
        token: await tokenOf(lab, 'alice', { claims: { sub: `x${FORGED_LINE}${CONTROLS}` } }),
      })
      areOneLineEach(house)
    }),
    inLab('a path that holds escapes stays on its line', async (lab) => {
      const house = await buildHouse(lab)
      const token = await tokenOf(lab, 'nobody')
      await house.call({ token, target: `${house.stand.path}/%22%7D%20%E2%80%A8%C2%A0` })
      await exchange(
        house.url,
        headOf(house.url, { target: `/a%0a${encodeURIComponent(FORGED_LINE)}`, token }),
      )
      areOneLineEach(house)
    }),
    inLab('scopes and errors of an upstream or Keycloak stay on theirs', async (lab) => {
      const house = await buildHouse(lab, (_req, res) => {
        res.writeHead(403, {
          'content-type': 'application/json',
          'www-authenticate': `Bearer error="insufficient_scope", scope="${SCOPE}"`,
        })
        res.end(JSON.stringify({ error: FORGED_LINE, detail: CONTROLS }))
      })
      house.realm.faults.next({
        kind: 'answer',
        status: 400,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          error: `x${FORGED_LINE}`,
          error_description: `y${FORGED_LINE}${CONTROLS}`,
        }),
      })
      await house.call({ token: await tokenOf(lab) })
      areOneLineEach(house)
    }),
    ...Object.entries({
      'the query': (secret: string, path: string) => ({
        target: `${path}?password=${secret}&access_token=${secret}`,
      }),
      'a header': (secret: string) => ({
        lines: [`X-Api-Key: ${secret}`, `Cookie: ${secret}`, `User-Agent: ${secret}`],
      }),
      'the body': (secret: string) => ({ body: `{"password":"${secret}"}` }),
    }).map(([name, place]) => isNotLogged(name, place)),
    inLab('a line has a bound, however long what it tells of', async (lab) => {
      const house = await buildHouse(lab)
      const scope = Array.from({ length: 2_000 }, (_, i) => `llama:${i}`).join(' ')
      await house.call({
        token: await tokenOf(lab, 'nobody', { claims: { scope, sub: 'x'.repeat(20_000) } }),
        target: `${house.stand.path}/${'y'.repeat(8_000)}`,
      })
      const longest = Math.max(
        ...house.scopelift
          .output()
          .split('\n')
          .map((line) => line.length),
      )
      expectThat(longest < 32_768, `a log line of ${longest} characters`)
    }),
  ],
}

/** `log` throws where a line is no JSON; a forged entry would show as one more line. */
function areOneLineEach({ scopelift }: House): void {
  expectThat(scopelift.log.length > 0, 'nothing was logged')
  expectEqual(
    scopelift.log.filter((line) => line['outcome'] === 'kit-forged').length,
    0,
    'forged lines',
  )
  expectWithout(scopelift.output().replaceAll('\n', ''), /\p{Cc}|\u2028|\u2029/u, 'the log')
}

type Place = (
  secret: string,
  path: string,
) => { readonly target?: string; readonly lines?: readonly string[]; readonly body?: string }

function isNotLogged(name: string, place: Place): Check {
  return inLab(`a secret in ${name} is not logged`, async (lab) => {
    const house = await buildHouse(lab)
    const secret = 'kit-secret-4711'
    await house.call({ token: await tokenOf(lab), ...place(secret, house.stand.path) })
    await house.call({ token: await tokenOf(lab, 'nobody'), ...place(secret, house.stand.path) })
    expectWithout(house.scopelift.output(), secret, 'the log')
  })
}
