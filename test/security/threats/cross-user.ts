import { decodeJwt } from 'jose'
import type { SubjectToken } from '../../../src/subject-token.ts'
import { createSubjectTokenReader } from '../../../src/subject-token.ts'
import { createRequestKey } from '../../../src/token-exchange/request-key.ts'
import { scopesOf } from '../../support/upstream.ts'
import type { Line } from '../check.ts'
import { inLab } from '../check.ts'
import { expectEqual, expectThat } from '../expect.ts'
import { ok } from '../kit-upstream.ts'
import type { Lab } from '../lab.ts'
import { buildHouse, tokenOf } from '../lab.ts'

const SCOPES = [
  'llama:agent_create',
  'llama:agent_session_create',
  'llama:inference_chat_completion',
  'mcp:list_files',
]
const ROUNDS = 3

export const crossUser: Line = {
  id: 'T8',
  topic: 'one caller gets another’s token',
  rule: 'the key of every cache is a digest of the whole subject token, audience and sorted scopes, encoded so that no two meet',
  checks: [
    inLab(
      'users × sessions × scope sets, all at once: each gets its own subject, session and scopes',
      async (lab) => {
        const house = await buildHouse(
          lab,
          (req, res, seen) => {
            const wanted = decodeURIComponent(req.url?.split('?')[1] ?? '')
            if (
              wanted
                .split(' ')
                .every((scope) => scopesOf(req.headers.authorization).includes(scope))
            ) {
              res.setHeader('x-kit-claims', claimsOf(req.headers.authorization))
              return ok(req, res, seen)
            }
            res.writeHead(403, {
              'www-authenticate': `Bearer error="insufficient_scope", scope="${wanted}"`,
            })
            res.end()
          },
          { env: { EXCHANGES_PER_MINUTE: '0' } },
        )
        const callers = await callersOf(lab)
        for (let round = 0; round < ROUNDS; round += 1) {
          await Promise.all(
            callers.flatMap(({ token, claims }) =>
              subsets().map(async (scopes, i) => {
                const target = `${house.stand.path}/${i}?${encodeURIComponent(scopes.join(' '))}`
                const answer = await house.call({ token, target })
                const line = answer.lines.find(([name]) => name === 'x-kit-claims')?.[1] ?? ''
                const [sub, sid, granted = ''] = line.split('|')
                expectEqual(
                  [answer.status, sub, sid],
                  [200, claims.sub, claims['sid']],
                  'status, sub, sid',
                )
                const held = granted
                  .split(' ')
                  .filter((scope) => SCOPES.includes(scope))
                  .sort()
                expectEqual(held, [...scopes].sort(), 'scopes at the upstream')
              }),
            ),
          )
        }
        expectEqual(
          house.exchanges(),
          callers.length * subsets().length,
          'exchanges, one for each caller and set',
        )
      },
    ),
    inLab('no two requests have one key, however their parts are cut', async (lab) => {
      const read = createSubjectTokenReader({ maxEntries: 100 })
      const subjects: SubjectToken[] = []
      for (const user of ['alice', 'root']) {
        const subject = read(`Bearer ${await tokenOf(lab, user)}`)
        if (subject !== undefined) subjects.push(subject)
      }
      const parts = [
        [],
        ['a'],
        ['b'],
        ['a', 'b'],
        ['a b'],
        ['ab'],
        ['a"', 'b'],
        ['a","b'],
        ['a', ''],
        [''],
      ]
      const keys = new Set<string>()
      let count = 0
      for (const subject of subjects) {
        for (const scopes of parts) {
          for (const audience of parts) {
            count += 1
            keys.add(createRequestKey({ subject, scopes, audience, namedBy: 'operator' }))
          }
        }
      }
      expectThat(count === 200, `${count} requests`)
      expectEqual(keys.size, count, 'keys')
    }),
  ],
}

/** alice with two sessions, and root. */
async function callersOf(lab: Lab) {
  const tokens = await Promise.all([tokenOf(lab), tokenOf(lab), tokenOf(lab, 'root')])
  return tokens.map((token) => ({ token, claims: decodeJwt(token) }))
}

function subsets(): readonly (readonly string[])[] {
  const [a = '', b = '', c = '', d = ''] = SCOPES
  return [[a], [b], [a, b], [c], [a, c], [d], [c, d]]
}

function claimsOf(authorization: string | undefined): string {
  const { sub, sid, scope } = decodeJwt(authorization?.slice('Bearer '.length) ?? '')
  return [sub, sid, scope].map(String).join('|')
}
