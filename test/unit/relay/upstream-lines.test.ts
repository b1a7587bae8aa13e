import t from 'tap'
import { readRequestHead } from '../../../src/relay/request-head.ts'
import { upstreamLines } from '../../../src/relay/upstream-lines.ts'

const SPOOFED = [
  ...[
    'Host',
    'public.test',
    'X-A',
    '1',
    'X-Forwarded-For',
    '6.6.6.6',
    'X_Forwarded_For',
    '7.7.7.7',
  ],
  ...['X-Forwarded-Host', 'evil', 'X-Forwarded-Proto', 'https', 'Forwarded', 'for=6.6.6.6'],
  ...['X-Forwarded-User', 'root', 'x-forwarded-for', '8.8.8.8'],
]

function linesFor(rawHeaders: readonly string[], isTrusted: boolean): string[] {
  return upstreamLines(readRequestHead(rawHeaders), { address: '10.0.0.1', isTrusted }, 'us')
}

t.test('forwarding fields of a peer that is not trusted are replaced by ours', async (t) => {
  t.same(linesFor(SPOOFED, false), [
    ...['X-A', '1', 'via', '1.1 us', 'x-forwarded-for', '10.0.0.1'],
    ...['x-forwarded-host', 'public.test', 'x-forwarded-proto', 'http'],
  ])
})

t.test(
  'those of a trusted peer are kept and appended to, except those with underscores',
  async (t) => {
    t.same(linesFor(SPOOFED, true), [
      ...['X-A', '1', 'via', '1.1 us', 'X-Forwarded-Host', 'evil', 'X-Forwarded-Proto', 'https'],
      ...['Forwarded', 'for=6.6.6.6', 'X-Forwarded-User', 'root'],
      ...['x-forwarded-for', '6.6.6.6, 8.8.8.8, 10.0.0.1'],
    ])
  },
)

t.test('what a trusted peer leaves out is filled in', async (t) => {
  t.same(linesFor(['Host', 'h'], true), [
    ...['via', '1.1 us', 'x-forwarded-for', '10.0.0.1', 'x-forwarded-host', 'h'],
    ...['x-forwarded-proto', 'http'],
  ])
})

t.test('a request without Host gets none', async (t) => {
  t.same(linesFor([], false), [
    ...['via', '1.1 us', 'x-forwarded-for', '10.0.0.1', 'x-forwarded-proto', 'http'],
  ])
})
