import { decodeJwt } from 'jose'
import { scopesOf } from '../../support/upstream.ts'
import type { Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual, expectThat } from '../expect.ts'
import type { OnUpgrade } from '../kit-upstream.ts'
import { buildHouse, outcomeOf, SCOPE, tokenOf, until } from '../lab.ts'
import { headOf, openWire } from '../wire.ts'

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: a2l0a2l0a2l0a2l0a2l0MQ==',
]
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

export const tunnelEnd: Line = {
  id: 'T19',
  topic: 'an elevated tunnel outlives its token',
  rule: 'closed on both sides at the earlier exp of the two tokens',
  checks: [
    inLab(
      'a tunnel of an issued token ends with the subject token, though bytes still flow',
      async (lab) => {
        let upstreamEnded = false
        const house = await buildHouse(lab, undefined, {
          upgrade: guarded(() => {
            upstreamEnded = true
          }),
        })
        const token = await tokenOf(lab, 'alice', { expiresInS: 2 })
        const wire = await openWire(house.url)
        wire.write(headOf(house.url, { target: house.stand.path, token, lines: HANDSHAKE }))
        const answer = await wire.answer()
        expectEqual([answer.status, outcomeOf(answer)], [101, 'stepped-up'], 'answer')
        const chatter = setInterval(() => wire.write('x'), 100)
        try {
          await wire.ended()
        } finally {
          clearInterval(chatter)
        }
        const lateMs = Date.now() - Number(decodeJwt(token).exp) * 1000
        expectThat(lateMs < 2_000, `the tunnel ended ${lateMs} ms after its token`)
        await until(() => upstreamEnded, 'the end of the upstream’s side')
      },
    ),
    inLab('a tunnel of the caller’s own token is the upstream’s affair', async (lab) => {
      const house = await buildHouse(lab, undefined, {
        upgrade: (_req, socket) => void socket.write(SWITCHED),
      })
      const wire = await openWire(house.url)
      wire.write(
        headOf(house.url, {
          target: house.stand.path,
          token: await tokenOf(lab),
          lines: HANDSHAKE,
        }),
      )
      const answer = await wire.answer()
      wire.socket.destroy()
      expectEqual(
        [answer.status, outcomeOf(answer), house.exchanges()],
        [101, 'forwarded', 0],
        'answer',
      )
    }),
  ],
}

function guarded(onEnd: () => void): OnUpgrade {
  return (req, socket) => {
    if (!scopesOf(req.headers.authorization).includes(SCOPE)) {
      socket.end(
        `HTTP/1.1 403 Forbidden\r\nWWW-Authenticate: Bearer error="insufficient_scope", scope="${SCOPE}"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      )
      return
    }
    socket.write(SWITCHED)
    socket.resume()
    // The server's sockets stay half open until somebody ends them.
    socket.on('end', onEnd)
    socket.on('close', onEnd)
  }
}
