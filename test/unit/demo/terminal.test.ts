import t from 'tap'
import { createTerminal, wantsColour } from '../../../demo/terminal.ts'

function capture(hasColour: boolean) {
  const written: string[] = []
  const terminal = createTerminal({ write: (text) => void written.push(text), hasColour })
  return { terminal, text: () => written.join('') }
}

t.test('nothing is wider than 100 columns', async (t) => {
  const { terminal, text } = capture(false)
  const long = `${'word '.repeat(60)}${'x'.repeat(300)}`
  terminal.heading('A heading')
  terminal.line(long)
  terminal.step('✓', 'granted', long, 'green')
  const stream = terminal.openStep('✓', 'streams', 'green')
  for (const word of long.split(/(?= )/)) stream.add(word)
  stream.end()
  for (const line of text().split('\n')) t.ok(line.length <= 100, line)
})

t.test('a streamed step holds every character', async (t) => {
  const { terminal, text } = capture(false)
  const stream = terminal.openStep('✓', 'streams', 'green')
  const words = Array.from({ length: 100 }, (_, at) => ` ${at}`)
  for (const word of words) stream.add(word)
  stream.end()
  t.equal(text().replaceAll(/\s+/g, ' ').trim(), `✓ streams${words.join('')}`)
})

t.test('colour is there where it was asked for, and nowhere else', async (t) => {
  const play = (hasColour: boolean) => {
    const { terminal, text } = capture(hasColour)
    terminal.heading('H')
    terminal.line('l', 'red')
    terminal.line()
    terminal.step('✗', 'denied', 'text', 'dim')
    terminal.verbatim(['curl -i'])
    return text()
  }
  const esc = '\u001b'
  t.ok(play(true).includes(`${esc}[31ml${esc}[0m`))
  t.notOk(play(false).includes(esc))
  t.ok(play(true).endsWith('curl -i\n'))
})

t.test('a terminal has colour unless NO_COLOR or TERM=dumb says otherwise', async (t) => {
  t.equal(wantsColour(true, {}), true)
  t.equal(wantsColour(true, { NO_COLOR: '' }), true, 'an empty NO_COLOR is unset')
  t.equal(wantsColour(true, { NO_COLOR: '1' }), false)
  t.equal(wantsColour(true, { TERM: 'dumb' }), false)
  t.equal(wantsColour(false, {}), false)
})
