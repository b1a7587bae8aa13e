import { once } from 'node:events'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

const CHUNK = Buffer.alloc(65_536, 'x')

/** Sends so many bytes and answers what the upstream said and how Scopelift calls it. */
export async function upload(
  url: string,
  token: string,
  bytes: number,
): Promise<{ readonly answer: string; readonly outcome: string }> {
  const sent = request(url, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${token}`, 'content-length': bytes },
  })
  Readable.from(chunks(bytes), { objectMode: false }).pipe(sent)
  const [answer] = await once(sent, 'response')
  return {
    answer: await text(answer),
    outcome: String(answer.headers['scopelift-outcome']),
  }
}

function* chunks(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    yield left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
  }
}
