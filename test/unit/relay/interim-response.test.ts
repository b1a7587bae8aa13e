import t from 'tap'
import { createInterimResponses } from '../../../src/relay/interim-response.ts'
import { createStage } from './stage.ts'

t.test('102 and the links of 103 are passed on', async (t) => {
  const { res, received } = await createStage(t)
  const interim = createInterimResponses(res)
  interim.write(102, [])
  interim.write(103, ['Link', '</a>; rel=preload', 'X', 'y', 'link', '</b>; rel=preload'])
  res.end()
  const text = await received
  t.match(text, /^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 103 Early Hints\r\n/)
  t.match(text, /Link: <\/a>; rel=preload, <\/b>; rel=preload\r\n/)
  t.match(text, /\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  t.notOk(text.includes('X: y'))
})

t.test('what Node cannot write is left out', async (t) => {
  const { res, received } = await createStage(t)
  const interim = createInterimResponses(res)
  interim.write(100, [])
  interim.write(110, ['link', '</a>; rel=preload'])
  interim.write(103, ['x', 'y'])
  interim.write(103, ['link', 'no link at all'])
  res.end()
  t.match(await received, /^HTTP\/1\.1 200 OK\r\n/)
})

t.test('a caller of HTTP/1.0 gets no interim head', async (t) => {
  const { res, received } = await createStage(t, 'GET / HTTP/1.0\r\n\r\n')
  const interim = createInterimResponses(res)
  interim.write(102, [])
  interim.write(103, ['link', '</a>; rel=preload'])
  res.end()
  t.match(await received, /^HTTP\/1\.1 200 OK\r\n/)
})

t.test('a flood of interim heads ends after eight', async (t) => {
  const { res, received } = await createStage(t)
  const interim = createInterimResponses(res)
  for (let i = 0; i < 100; i += 1) interim.write(102, [])
  res.end()
  t.equal((await received).match(/102 Processing/g)?.length, 8)
})

t.test('links whose check by Node would take for ever are left out, however short', async (t) => {
  const { res, received } = await createStage(t)
  const interim = createInterimResponses(res)
  interim.write(103, ['link', `<x>${';a=b'.repeat(60)}"`])
  interim.write(103, ['link', `<x>${';a="b"'.repeat(60)};c="`])
  interim.write(103, ['link', `<x>${'; a'.repeat(400)}`])
  interim.write(103, ['link', '</a>; rel="preload"; as=style; nopush'])
  res.end()
  const heads = (await received).match(/103 Early Hints\r\nLink: [^\r]*/g)
  t.same(heads, ['103 Early Hints\r\nLink: </a>; rel="preload"; as=style; nopush'])
})
