import fc from 'fast-check'
import t from 'tap'
import { wrapText } from '../../../demo/wrap-text.ts'

t.test('text is broken at spaces, and a word that is too long is cut', async (t) => {
  t.same(wrapText('one two three', 7), ['one two', 'three'])
  t.same(wrapText('abcdefghij kl', 4), ['abcd', 'efgh', 'ij', 'kl'])
  t.same(wrapText('', 4), [''])
})

t.test('no line is too wide and no character but spaces is lost', async () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (text, width) => {
      const lines = wrapText(text, width)
      const bare = (some: string) => some.replaceAll(' ', '')
      return lines.every((line) => line.length <= width) && bare(lines.join('')) === bare(text)
    }),
  )
})
