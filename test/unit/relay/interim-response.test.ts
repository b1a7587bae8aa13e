import t from 'tap'
import { writeInterim } from '../../../src/relay/interim-response.ts'
import { createStage } from './stage.ts'

t.test('102 and the links of 103 are passed on', async (t) => {
  const { res, received } = await createStage(t)
  writeInterim(res, 102, [])
  writeInterim(res, 103, ['Link', '</a>; rel=preload', 'X', 'y', 'link', '</b>; rel=preload'])
  res.end()
  const text = await received
  t.match(text, /^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 103 Early Hints\r\n/)
  t.match(text, /Link: <\/a>; rel=preload, <\/b>; rel=preload\r\n/)
  t.match(text, /\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  t.notOk(text.includes('X: y'))
})

t.test('what Node cannot write is left out', async (t) => {
  const { res, received } = await createStage(t)
  writeInterim(res, 100, [])
  writeInterim(res, 110, ['link', '</a>; rel=preload'])
  writeInterim(res, 103, ['x', 'y'])
  writeInterim(res, 103, ['link', 'no link at all'])
  res.end()
  t.match(await received, /^HTTP\/1\.1 200 OK\r\n/)
})

t.test('a caller of HTTP/1.0 gets no interim head', async (t) => {
  const { res, received } = await createStage(t, 'GET / HTTP/1.0\r\n\r\n')
  writeInterim(res, 102, [])
  writeInterim(res, 103, ['link', '</a>; rel=preload'])
  res.end()
  t.match(await received, /^HTTP\/1\.1 200 OK\r\n/)
})
