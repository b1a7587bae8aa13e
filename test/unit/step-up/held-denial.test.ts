import t from 'tap'
import { holdDenial } from '../../../src/step-up/held-denial.ts'
import { createSettledController } from '../../../src/step-up/settled-controller.ts'

function hold() {
  return holdDenial({
    status: 403,
    statusMessage: 'Nope',
    rawHeaders: [Buffer.from('X-\u00e9', 'latin1'), Buffer.from('1')],
  })
}

t.test('a held denial knows its head and its body', async (t) => {
  const denial = hold()
  denial.add(Buffer.from('a'))
  denial.add(Buffer.from('b'))
  t.equal(denial.status, 403)
  t.same(denial.headers, ['X-\u00e9', '1'])
  t.equal(denial.body().toString(), 'ab')
})

t.test('the bound is 64 KiB, and the chunk beyond it is held too', async (t) => {
  const denial = hold()
  t.equal(denial.add(Buffer.alloc(65_535)), true)
  t.equal(denial.add(Buffer.alloc(1)), true)
  t.equal(denial.add(Buffer.alloc(1)), false)
  t.equal(denial.body().length, 65_537)
})

t.test('a release passes on the head and the body in one piece, but not the end', async (t) => {
  const denial = hold()
  denial.add(Buffer.from('a'))
  denial.add(Buffer.from('b'))
  const seen: unknown[] = []
  denial.release(
    {
      onResponseStart: (_controller, status, _headers, message) => seen.push(status, message),
      onResponseData: (_controller, chunk) => seen.push(chunk.toString()),
      onResponseEnd: () => seen.push('end'),
    },
    createSettledController(denial.headers),
  )
  t.same(seen, [403, 'Nope', 'ab'])
})

t.test('a controller out of memory takes every call and does nothing', async (t) => {
  const controller = createSettledController(['a', 'b'])
  controller.pause()
  controller.resume()
  controller.abort(new Error('too late'))
  t.match(controller, { aborted: false, paused: false, reason: null, rawHeaders: ['a', 'b'] })
})
