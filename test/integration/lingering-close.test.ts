import { once } from 'node:events'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { connectRaw } from '../support/raw-http.ts'
import { startScopelift } from '../support/scopelift.ts'
import { startUpstream } from '../support/upstream.ts'

const BODY_BYTES = 20_000_000

t.test(
  'a denial in the middle of an upload arrives, though the caller wants its connection closed',
  async (t) => {
    const authorizationServer = await startDemoRealm(t)
    const upstream = await startUpstream(t, (req, res) => {
      req.once('data', () => {
        res.writeHead(403)
        res.end('denied')
      })
    })
    const scopelift = await startScopelift(t, { upstreamUrl: upstream.url, authorizationServer })
    const connection = await connectRaw(scopelift.url)
    connection.write(
      `POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`,
    )
    connection.socket.end(Buffer.alloc(BODY_BYTES))
    await once(connection.socket, 'finish')
    t.match(await connection.ended(), /^HTTP\/1\.1 403 .*denied/s)
  },
)
