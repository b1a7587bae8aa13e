import { scopesOf } from '../../support/upstream.ts'
import { fieldsOf } from '../answer.ts'
import type { Line } from '../check.ts'
import { atTarget, inLab, withUpstream } from '../check.ts'
import { expectEqual, expectRefused, expectStatus } from '../expect.ts'
import type { OnUpgrade } from '../kit-upstream.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf } from '../lab.ts'
import { exchange, headOf, openWire, send } from '../wire.ts'

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: a2l0a2l0a2l0a2l0a2l0MQ==',
]
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

const echo: OnUpgrade = (_req, socket, head) => {
  socket.write(SWITCHED)
  if (head.length > 0) socket.write(head)
  socket.pipe(socket)
}

const challenging: OnUpgrade = (req, socket, head) => {
  if (scopesOf(req.headers.authorization).includes(SCOPE)) return echo(req, socket, head)
  socket.end(
    `HTTP/1.1 403 Forbidden\r\nWWW-Authenticate: Bearer error="insufficient_scope", scope="${SCOPE}"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  )
}

export const upgrades: Line = {
  id: 'H15',
  topic: 'upgrade',
  rule: 'handshakes pass the same admission and credential rules; they can step up before 101 and never after; an empty refusal arrives as sent; h2c is served plainly',
  checks: [
    ...['/a/../b', '/a%2f..%2fb/%2e%2e', '//evil', '/a%00'].map((target) =>
      atTarget(`a handshake for ${target} is 400`, async ({ url }) => {
        expectRefused(await exchange(url, headOf(url, { target, lines: HANDSHAKE })), 400)
      }),
    ),
    atTarget('a handshake with two Authorization fields is 400', async ({ url }) => {
      const lines = [...HANDSHAKE, 'Authorization: Bearer kit-a', 'Authorization: Bearer kit-b']
      expectRefused(await exchange(url, headOf(url, { lines })), 400)
    }),
    withUpstream(
      'a tunnel carries bytes both ways, those behind the handshake too',
      async ({ url, upstream }) => {
        const stand = upstream.serve(undefined, echo)
        const wire = await openWire(url)
        wire.write(`${headOf(url, { target: `${stand.path}?a=%2F`, lines: HANDSHAKE })}early`)
        await wire.until((text) => text.includes('101 ') && text.endsWith('early'))
        wire.write('later')
        await wire.until((text) => text.endsWith('earlylater'))
        wire.socket.destroy()
        expectEqual(stand.requests[0]?.target, `${stand.path}?a=%2F`, 'target')
      },
    ),
    withUpstream(
      'an empty refusal without a challenge arrives as sent',
      async ({ url, upstream }) => {
        const stand = upstream.serve(undefined, (_req, socket) => {
          socket.end(
            'HTTP/1.1 403 Forbidden\r\nX-Kit: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
          )
        })
        const answer = await send(url, { target: stand.path, lines: HANDSHAKE })
        expectEqual(
          [answer.status, fieldsOf(answer, 'x-kit'), answer.body],
          [403, ['1'], ''],
          'answer',
        )
      },
    ),
    inLab('a refusal with a challenge is stepped up before 101', async (lab) => {
      const house = await buildHouse(lab, undefined, { upgrade: challenging })
      const answer = await send(house.url, {
        target: house.stand.path,
        token: await tokenOf(lab),
        lines: HANDSHAKE,
      })
      expectEqual([answer.status, outcomeOf(answer)], [101, 'stepped-up'], 'answer')
    }),
    inLab('a pre-empted handshake is sent once, with the issued token', async (lab) => {
      const policy = `routes:\n  - match: { method: GET, path: STAND }\n    scopes: [${SCOPE}]\n`
      const house = await buildHouse(lab, undefined, { upgrade: challenging, policy })
      const answer = await send(house.url, {
        target: house.stand.path,
        token: await tokenOf(lab),
        lines: HANDSHAKE,
      })
      expectEqual([answer.status, outcomeOf(answer)], [101, 'preempted'], 'answer')
      expectEqual(house.stand.requests.length, 1, 'handshakes')
    }),
    inLab('what looks like a denial after 101 is only bytes', async (lab) => {
      const denial = `HTTP/1.1 403 Forbidden\r\nWWW-Authenticate: Bearer error="insufficient_scope", scope="${SCOPE}"\r\n\r\n`
      const house = await buildHouse(lab, undefined, {
        upgrade: (_req, socket) => void socket.end(SWITCHED + denial),
      })
      const wire = await openWire(house.url)
      wire.write(
        headOf(house.url, {
          target: house.stand.path,
          token: await tokenOf(lab),
          lines: HANDSHAKE,
        }),
      )
      await wire.until((text) => text.endsWith(denial))
      wire.socket.destroy()
      expectEqual(
        [house.exchanges(), house.stand.requests.length],
        [0, 1],
        'exchanges and handshakes',
      )
    }),
    ...['h2c', 'foo', 'TLS/1.2', 'websocket/2'].map((protocol) =>
      withUpstream(
        `Upgrade: ${protocol} is served as if it had not been asked for, GET and POST`,
        async ({ url, upstream }) => {
          const stand = upstream.serve()
          const lines = [
            'Connection: close, Upgrade, HTTP2-Settings',
            `Upgrade: ${protocol}`,
            'HTTP2-Settings: AAMAAABk',
          ]
          expectStatus(await send(url, { target: stand.path, lines }), 200)
          expectStatus(
            await send(url, { method: 'POST', target: stand.path, lines, body: 'abc' }),
            200,
          )
          expectEqual(
            stand.requests.map(({ bytes }) => bytes),
            [0, 3],
            'octets at the upstream',
          )
        },
      ),
    ),
    withUpstream(
      'a POST that asks for a WebSocket is a POST, body and all',
      async ({ url, upstream }) => {
        const stand = upstream.serve()
        const lines = HANDSHAKE.map((line) => line.replace('Connection: ', 'Connection: close, '))
        expectStatus(
          await send(url, { method: 'POST', target: stand.path, lines, body: 'abc' }),
          200,
        )
        expectEqual(
          [stand.requests[0]?.method, stand.requests[0]?.bytes],
          ['POST', 3],
          'at the upstream',
        )
      },
    ),
  ],
}
