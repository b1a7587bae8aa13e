import type { Check, Line } from '../check.ts'
import { atTarget, inLab, withUpstream } from '../check.ts'
import { expectEqual, expectStatus, expectThat } from '../expect.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf, writeTemporary } from '../lab.ts'
import { send } from '../wire.ts'

/** Forwarded byte for byte. */
const FAITHFUL: readonly string[] = [
  '/v1/models/stub%2Ftiny',
  '/v1/models/stub/tiny?q=a%20b&c=%2F..%2f',
  '/v1//files///x',
  '/v1/files;v=1/a:b@c',
  '/%E2%82%AC/%7E~',
  '/x?',
  '/x?a=1&a=2&&=',
  '/x/',
  "/!$&'()*+,=-._~",
]

/** What policy cannot match safely: some upstream would read another path in it. */
export const UNSAFE: readonly string[] = [
  '/a/../admin',
  '/a/./b',
  '/..',
  '/a/..%2f..%2fadmin',
  '/a/%2e%2e/admin',
  '/a/%2E./admin',
  '/a/..;/admin',
  '/a/..;x=1/admin',
  '/a\\..\\admin',
  '/a%5c..%5cadmin',
  '/a%00b',
  '/a%0d%0aX-Injected:%201',
  '/a%ff',
  '/a%c0%af',
  '/a%zz',
  '/a%',
  '/a#b',
  '//evil.example/a',
  '/%2fevil.example',
  'http://evil.example/a',
  'evil.example:80',
  '*',
]

const EVIL_EXPRESSION = '(a+)+$'
const LONG_PATH_CHARACTERS = 4_000

export const targets: Line = {
  id: 'H2',
  topic: 'target',
  rule: 'method, path and query are forwarded byte for byte; policy matches one canonical path, and what it cannot match safely is 400 before any exchange',
  checks: [
    ...FAITHFUL.map(arrivesAsSent),
    ...UNSAFE.map(isRefused),
    inLab('a rule cannot be dodged by spelling its path otherwise', async (lab) => {
      const policy = `routes:\n  - match: { method: POST, path: STAND/files }\n    scopes: [${SCOPE}]\n`
      const house = await buildHouse(lab, undefined, { policy })
      const token = await tokenOf(lab)
      for (const path of ['/files', '/%66iles', '/f%69les?x=/other', '/files/', '/files///']) {
        const answer = await house.call({ token, target: `${house.stand.path}${path}` })
        expectEqual(outcomeOf(answer), 'preempted', path)
      }
    }),
    inLab(
      'an unsafe target costs no exchange and no request, even with a live token',
      async (lab) => {
        const house = await buildHouse(lab)
        const token = await tokenOf(lab)
        for (const target of UNSAFE) {
          expectStatus(await house.call({ token, target, lines: ['X-Kit: unsafe'] }), 400)
        }
        const reached = house.upstream.requests.filter(({ rawHeaders }) =>
          rawHeaders.includes('X-Kit'),
        )
        expectEqual([house.exchanges(), reached.length], [0, 0], 'exchanges and requests')
      },
    ),
    inLab(
      'an operator’s expression with nested repetition does not stall on a long path',
      async (lab) => {
        const config = `server:\n  auth:\n    provider_config: { type: oauth2_token }\n    route_policy:\n    - permit: { paths: "regex:/${EVIL_EXPRESSION}" }\n      when: user with ${SCOPE} in scopes\n`
        const house = await buildHouse(lab, undefined, {
          env: { LLAMA_STACK_CONFIG: writeTemporary(lab, config) },
        })
        const token = await tokenOf(lab)
        for (const length of [30, 300, LONG_PATH_CHARACTERS]) {
          expectStatus(await house.call({ token, target: `/${'a'.repeat(length)}!` }), 200)
        }
      },
    ),
  ],
}

function arrivesAsSent(target: string): Check {
  return withUpstream(`${target} arrives as sent`, async ({ url, upstream }) => {
    const stand = upstream.serve()
    const whole = `${stand.path}${target}`
    expectStatus(await send(url, { target: whole }), 200)
    expectEqual(stand.requests[0]?.target, whole, 'at the upstream')
  })
}

function isRefused(target: string): Check {
  const method = target === '*' ? 'OPTIONS' : 'GET'
  return atTarget(`${method} ${target} is 400`, async ({ url }) => {
    const answer = await send(url, { method, target })
    expectStatus(answer, 400)
    expectThat(
      answer.body.includes('"error"'),
      'the refusal is not in the envelope that clients parse',
    )
  })
}
