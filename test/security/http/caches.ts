import { requireScope } from '../../support/upstream.ts'
import { fieldsOf } from '../answer.ts'
import type { Check, Line } from '../check.ts'
import { inLab, withUpstream } from '../check.ts'
import { expectEqual } from '../expect.ts'
import { buildHouse, SCOPE, tokenOf } from '../lab.ts'
import { send } from '../wire.ts'

/** RFC 9111 §3.5: what a shared cache may keep although the request had an Authorization. */
const SHARED = /(^|[\s,])(public|s-maxage|must-revalidate|proxy-revalidate)(?=[\s,=]|$)/i

const POLICIES: Readonly<Record<string, readonly string[]>> = {
  'no Cache-Control at all': [],
  public: ['public, max-age=60'],
  's-maxage': ['max-age=60, s-maxage=600'],
  'must-revalidate': ['max-age=60, must-revalidate'],
  'proxy-revalidate in capitals': ['PROXY-REVALIDATE, S-MAXAGE=9, Public'],
  'two lines': ['max-age=60', 'public'],
  'private for one field only': ['private="set-cookie", public'],
  'a comma in quotes': ['x="a, public", s-maxage=1'],
}

export const caches: Line = {
  id: 'H11',
  topic: 'caches',
  rule: 'nothing is cached here, and an answer to an issued token is private, since a cache in front saw a weaker credential',
  checks: [
    withUpstream('a cacheable answer is asked for anew each time', async ({ url, upstream }) => {
      const stand = upstream.serve((_req, res) => {
        res.writeHead(200, { 'cache-control': 'public, max-age=1000', etag: '"kit"' })
        res.end('ok')
      })
      for (let i = 0; i < 3; i += 1) await send(url, { target: stand.path })
      expectEqual(stand.requests.length, 3, 'requests at the upstream')
    }),
    withUpstream(
      'an answer to the caller’s own credential keeps its Cache-Control',
      async ({ url, upstream }) => {
        const value = 'public, max-age=1, s-maxage=2, must-revalidate'
        const stand = upstream.serve(
          (_req, res) => void res.writeHead(200, { 'cache-control': value }).end(),
        )
        const answer = await send(url, { target: stand.path })
        expectEqual(fieldsOf(answer, 'cache-control'), [value], 'Cache-Control')
      },
    ),
    ...Object.entries(POLICIES).map(([name, values]) => becomesPrivate(name, values)),
    inLab('no-store stays the stricter word', async (lab) => {
      const [value] = await controlAfterStepUp(lab, ['no-store, public'])
      expectEqual(value, 'no-store', 'Cache-Control')
    }),
  ],
}

function becomesPrivate(name: string, values: readonly string[]): Check {
  return inLab(`${name}: private once a token was issued`, async (lab) => {
    const seen = (await controlAfterStepUp(lab, values)).join(', ')
    const unquoted = seen.replaceAll(/"[^"]*"/g, '""')
    expectEqual(
      [/(^|[\s,])private(?=[\s,]|$)/i.test(unquoted), SHARED.test(unquoted)],
      [true, false],
      `private, and open to a shared cache, in ${seen}`,
    )
  })
}

async function controlAfterStepUp(
  lab: Parameters<typeof buildHouse>[0],
  values: readonly string[],
): Promise<readonly string[]> {
  const house = await buildHouse(lab, (req, res) => {
    if (!requireScope(req, res, SCOPE)) return
    res.writeHead(
      200,
      values.flatMap((value) => ['cache-control', value]),
    )
    res.end('ok')
  })
  return fieldsOf(await house.call({ token: await tokenOf(lab) }), 'cache-control')
}
