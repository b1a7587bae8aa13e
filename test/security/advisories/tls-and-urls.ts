import { startScopelift } from '../../support/scopelift.ts'
import type { Line } from '../check.ts'
import { atTarget, inLab, withUpstream } from '../check.ts'
import { expectEqual, expectStatus } from '../expect.ts'
import { UNSAFE } from '../http/targets.ts'
import { tls } from '../http/tls.ts'
import { startKitUpstream } from '../kit-upstream.ts'
import { buildHouse, tokenOf } from '../lab.ts'
import { exchange, headOf, send } from '../wire.ts'

/** Targets that a cache of parsed URLs takes for one. */
const COLLIDING: readonly (readonly [string, string])[] = [
  ['/a?b', '/a%3Fb'],
  ['/a%2Fb', '/a/b'],
  ['/A', '/a'],
  ['/a//b', '/a/b'],
  ['/a/', '/a'],
  ['/a;b', '/a%3Bb'],
  ['/a+b', '/a%20b'],
]

/** Encoded dots and prefixes, in ways that went past other intermediaries' rules. */
const DOTS: readonly string[] = [
  '/%2e%2e/admin',
  '/public/%2e%2e/admin',
  '/public/.%2e/admin',
  '/public/%2E%2E%2Fadmin',
  '/public%2f..%2fadmin',
  '/public/..%5cadmin',
  '/public/%2e%2e;/admin',
  '/%2e/admin',
  '/public/%2e%2e?x=1',
]

export const unverifiedTls: Line = {
  id: 'A1',
  topic: 'reply-from: upstream TLS not verified, and its URL cache',
  rule: 'our own agent verifies certificates, and no two targets are taken for one',
  checks: [
    ...tls.checks.slice(0, 2),
    ...COLLIDING.map(([one, other]) =>
      withUpstream(`${one} and ${other} are two`, async ({ url, upstream }) => {
        const stand = upstream.serve()
        for (const target of [one, other, one]) await send(url, { target: stand.path + target })
        expectEqual(
          stand.requests.map(({ target }) => target.slice(stand.path.length)),
          [one, other, one],
          'at the upstream',
        )
      }),
    ),
  ],
}

export const encodedDots: Line = {
  id: 'A2',
  topic: '%2e%2e and encoded-prefix bypasses',
  rule: 'no spelling of a path leaves the base path of UPSTREAM_URL or dodges a rule',
  checks: [
    ...DOTS.map((target) =>
      atTarget(`${target} is 400`, async ({ url }) => {
        expectStatus(await send(url, { target }), 400)
      }),
    ),
    inLab('nothing leaves the base path', async (lab) => {
      const upstream = await startKitUpstream(lab)
      const scopelift = await startScopelift(lab, {
        upstreamUrl: `${upstream.url}/tenant-a/`,
        authorizationServer: lab.realm,
      })
      for (const target of [
        ...UNSAFE,
        ...DOTS,
        '/ok',
        '/ok//x',
        '/ok%2Fx',
        '/?x=/../y',
        '/.well-known/x',
        '/...',
        '/..x',
      ]) {
        await exchange(scopelift.url, headOf(scopelift.url, { target, lines: ['X-Kit: base'] }))
      }
      const reached = upstream.requests.filter(({ rawHeaders }) => rawHeaders.includes('X-Kit'))
      const outside = reached.filter(
        ({ target }) =>
          !target.startsWith('/tenant-a/') ||
          /(^|\/)\.\.?(\/|\?|$)/.test(target.split('?')[0] ?? ''),
      )
      expectEqual(
        outside.map(({ target }) => target),
        [],
        'targets outside',
      )
      expectEqual(reached.length, 7, 'targets inside')
    }),
    inLab('a route that may not be replayed is not reached by another spelling', async (lab) => {
      const policy =
        'routes:\n  - match: { method: POST, path: STAND/pay }\n    scopes: [llama:agent_create]\n    replay: never\n    preempt: false\n'
      for (const spelling of ['/pay', '/p%61y', '/pay/', '/pay%2F', '/%70%61%79']) {
        const house = await buildHouse(lab, undefined, { policy })
        expectStatus(
          await house.call({ token: await tokenOf(lab), target: house.stand.path + spelling }),
          403,
        )
        expectEqual(house.stand.requests.length, 1, `sends of ${spelling}`)
      }
    }),
  ],
}
