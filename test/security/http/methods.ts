import { METHODS } from 'node:http'
import type { Line } from '../check.ts'
import { atTarget, withToken, withUpstream } from '../check.ts'
import { expectEqual, expectRefused, expectStatus, expectWithout } from '../expect.ts'
import { exchange, headOf, send } from '../wire.ts'

const RELAYED = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'PROPFIND',
  'REPORT',
  'SEARCH',
  'PURGE',
  'QUERY',
]

export const methods: Line = {
  id: 'H3',
  topic: 'methods',
  rule: 'every method passes with its body; TRACE, which would reflect an issued token, and CONNECT are 405',
  checks: [
    ...RELAYED.filter((method) => METHODS.includes(method)).map((method) =>
      withUpstream(`${method} passes`, async ({ url, upstream }) => {
        const stand = upstream.serve()
        expectStatus(await send(url, { method, target: stand.path, body: 'abc' }), 200)
        const [seen] = stand.requests
        expectEqual([seen?.method, seen?.bytes], [method, 3], 'method and body at the upstream')
      }),
    ),
    ...['TRACE /x', 'CONNECT evil.example:443', 'CONNECT /x'].map((start) =>
      atTarget(`${start} is 405`, async ({ url }) => {
        const answer = await exchange(
          url,
          `${start} HTTP/1.1\r\nHost: kit\r\nConnection: close\r\n\r\n`,
        )
        expectRefused(answer, 405)
      }),
    ),
    withToken('TRACE reflects no token', async ({ url, token }) => {
      const answer = await exchange(url, headOf(url, { method: 'TRACE', target: '/', token }))
      expectRefused(answer, 405)
      expectWithout(answer, token, 'the answer')
    }),
  ],
}
