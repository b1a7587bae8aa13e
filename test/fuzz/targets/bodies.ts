import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { valuesOf } from '../../conformance/strict-request-reader.ts'
import { answerOf } from '../../conformance/strict-upstream.ts'
import { connectRaw } from '../../support/raw-http.ts'
import { scopesOf } from '../../support/upstream.ts'
import type { ProxyHouse } from '../proxy-house.ts'
import { buildProxy, eventually, hasNoLeak } from '../proxy-house.ts'
import type { Target } from '../target.ts'
import { createTeardown, fuzz } from '../target.ts'

const SCOPE = 'llama:agent_create'
const DENIAL = answerOf('403 Forbidden', 'denied', [
  `WWW-Authenticate: Bearer error="insufficient_scope", scope="${SCOPE}"`,
])

interface Upload {
  readonly sizes: readonly number[]
  readonly isChunked: boolean
  /** The upstream denies after so many octets of the body; never: at its end. */
  readonly deniedAfter: number
  readonly pausesAt: number
}

const UPLOAD: fc.Arbitrary<Upload> = fc.record({
  sizes: fc.array(fc.oneof(fc.nat(3), fc.nat(3000), fc.nat(90_000)), { maxLength: 6 }),
  isChunked: fc.boolean(),
  deniedAfter: fc.oneof(fc.nat(10), fc.nat(200_000)),
  pausesAt: fc.nat(5),
})

const digest = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex')

/** Any body in any pieces, denied at any moment: the replay is octet for octet the same, or the denial is passed on. */
export const bodies: Target = {
  name: 'bodies',
  weight: 4,
  async run(budget) {
    const scope = createTeardown()
    const deniedAfter = new Map<string, number>()
    const denied = new Set<string>()
    const house = await buildProxy(
      scope,
      {
        onHead(request, socket) {
          if (isElevated(request.lines)) return
          // The reader hands over no single chunk: the moment is looked for while the body comes.
          socket.on('data', denyInTime)
          function denyInTime(): void {
            if (request.body.length < (deniedAfter.get(request.target) ?? 0) && !request.isComplete)
              return
            socket.off('data', denyInTime)
            if (denied.has(request.target)) return
            denied.add(request.target)
            socket.write(DENIAL)
          }
        },
        onEnd(request, socket) {
          if (isElevated(request.lines)) socket.write(answerOf('200 OK', digest(request.body)))
          else if (!denied.has(request.target)) {
            denied.add(request.target)
            socket.write(DENIAL)
          }
        },
      },
      { REPLAY_MAX_BYTES: '150000' },
    )
    let count = 0
    try {
      return await fuzz(
        fc.asyncProperty(UPLOAD, async (upload) => {
          count += 1
          const target = `/${count}`
          deniedAfter.set(target, upload.deniedAfter)
          const { answer, body } = await send(house, target, upload)
          const isGranted = answer.includes('outcome: stepped-up') && answer.endsWith(digest(body))
          const isReleased =
            answer.includes('outcome: body-not-replayable') && answer.endsWith('denied')
          if (!isGranted && !(isReleased && body.length > 100_000)) return false
          if (house.upstream.violations().length > 0)
            throw new Error(house.upstream.violations().join())
          return count % 25 !== 0 || (await eventually(() => hasNoLeak(house.scopelift)))
        }),
        budget,
      )
    } finally {
      await scope.close()
    }
  },
}

async function send(house: ProxyHouse, target: string, { sizes, isChunked, pausesAt }: Upload) {
  const { write, ended } = await connectRaw(house.scopelift.url)
  const chunks = sizes.map((size, i) => String.fromCharCode(97 + (i % 26)).repeat(size))
  const body = chunks.join('')
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`
  write(
    `POST ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${await house.alice()}\r\n${framing}\r\n\r\n`,
  )
  for (const [i, chunk] of chunks.entries()) {
    if (i === pausesAt) await new Promise((resolve) => setTimeout(resolve, 3))
    if (!isChunked) write(chunk)
    else if (chunk !== '') write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`)
  }
  if (isChunked) write('0\r\n\r\n')
  return { answer: await ended(), body }
}

function isElevated(lines: readonly (readonly [string, string])[]): boolean {
  return scopesOf(valuesOf(lines, 'authorization')[0]).includes(SCOPE)
}
