import t from 'tap'
import { InterimHeads } from '../../../src/step-up/interim-heads.ts'
import { createSettledController } from '../../../src/step-up/settled-controller.ts'

function createHandler() {
  const seen: unknown[] = []
  return {
    seen,
    handler: {
      onResponseStart(controller: { rawHeaders?: unknown }, status: number) {
        seen.push([status, controller.rawHeaders])
      },
    },
  }
}

t.test('each head is released once, with its own lines', async (t) => {
  const heads = new InterimHeads()
  const controller = createSettledController(['link', 'a'])
  heads.add(controller, 103, {}, 'Early Hints')
  controller.rawHeaders = ['link', 'b']
  heads.add(controller, 103, {}, undefined)
  controller.rawHeaders = ['final', 'c']
  const { seen, handler } = createHandler()
  heads.release(handler, controller)
  heads.release(handler, controller)
  t.same(seen, [
    [103, ['link', 'a']],
    [103, ['link', 'b']],
  ])
  t.same(controller.rawHeaders, ['final', 'c'])
})

t.test('a transport without lines is passed on without lines', async (t) => {
  const heads = new InterimHeads()
  const { rawHeaders: _, ...controller } = createSettledController([])
  heads.add(controller, 102, {}, undefined)
  const { seen, handler } = createHandler()
  heads.release(handler, controller)
  t.same(seen, [[102, null]])
})

t.test('the first eight are kept', async (t) => {
  const heads = new InterimHeads()
  const controller = createSettledController([])
  for (let i = 0; i < 20; i += 1) heads.add(controller, 110 + i, {}, undefined)
  const { seen, handler } = createHandler()
  heads.release(handler, controller)
  t.same(
    seen,
    Array.from({ length: 8 }, (_, i) => [110 + i, []]),
  )
})
