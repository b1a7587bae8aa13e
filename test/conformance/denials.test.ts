import { readFileSync } from 'node:fs'
import t from 'tap'
import { startDemoRealm } from '../support/demo-servers.ts'
import { exchangeRaw } from '../support/raw-http.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { startScopelift } from '../support/scopelift.ts'

interface Case {
  readonly id: string
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly contentType: string | null
  readonly body: string
  readonly bodyEncoding?: 'base64'
  readonly expected: Expectation
  readonly alternatives?: readonly Expectation[]
}

interface Expectation {
  readonly kind: string
  readonly scopes: readonly string[]
  readonly mode?: string
}

const CASES: readonly Case[] = JSON.parse(
  readFileSync(new URL('../vectors/hints.json', import.meta.url), 'utf8'),
)

/** What cannot stand on the wire as one field line, or not in latin-1, was never a header to begin with. */
function isSendable({ headers }: Case): boolean {
  const isOctet = (code: number) => code <= 0xff && code !== 0x00 && code !== 0x0a && code !== 0x0d
  const values = Object.values(headers).flat()
  return values.every((value) =>
    [...value].every((character) => isOctet(character.codePointAt(0) ?? 0)),
  )
}

/** The denial as its octets. */
function write({ status, headers, contentType, body, bodyEncoding }: Case) {
  const octets = Buffer.from(body, bodyEncoding ?? 'utf8')
  let lines = `HTTP/1.1 ${status} Denied\r\n`
  for (const [name, values] of Object.entries(headers)) {
    // White space around a value is no part of it (RFC 9110 §5.5).
    for (const value of [values].flat())
      lines += `${name}: ${value.replace(/^[ \t]+|[ \t]+$/g, '')}\r\n`
  }
  if (contentType !== null) lines += `Content-Type: ${contentType}\r\n`
  return {
    lines,
    octets,
    bytes: Buffer.concat([
      Buffer.from(`${lines}Content-Length: ${octets.length}\r\n\r\n`, 'latin1'),
      octets,
    ]),
  }
}

t.test(
  'every denial of the vectors, through the proxy: exactly the scopes it names are asked for, and what is refused arrives octet for octet',
  async (t) => {
    const authorizationServer = await startDemoRealm(t)
    let current: ReturnType<typeof write> | undefined
    const upstream = await startRawUpstream(t, () => ({ bytes: current?.bytes ?? '' }))
    const scopelift = await startScopelift(t, {
      upstreamUrl: upstream.url,
      authorizationServer,
      // Everything is allowed: what is not asked for was not read.
      env: {
        ALLOWED_SCOPES: '*',
        DENIED_SCOPES: 'nothing:at:all',
        MAX_SCOPES: '200',
        EXCHANGES_PER_MINUTE: '0',
      },
    })
    const cases = CASES.filter(isSendable)
    t.ok(cases.length >= 100, `${cases.length} of ${CASES.length} can stand on the wire`)
    for (const one of cases) {
      current = write(one)
      const token = await authorizationServer.issueSubjectToken({ user: 'alice', scope: 'openid' })
      const answer = await exchangeRaw(
        scopelift.url,
        `GET /v1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      )
      const outcome = /\r\nscopelift-outcome: ([a-z-]+)\r\n/.exec(answer)?.[1] ?? 'none'
      const asked = scopelift.audit.at(-1)?.['scopesNeeded'] ?? []
      const answers = [one.expected, ...(one.alternatives ?? [])]
      // One of the scopes exists in the demo realm: it is granted, and the upstream refuses all the same.
      if (outcome === 'exchange-refused' || outcome === 'replay-denied') {
        const isExact = answers.some((e) => isActedOn(e, one.status) && same(e.scopes, asked))
        t.ok(isExact, `${one.id}: asked for ${JSON.stringify(asked)}`)
      } else {
        const isRight = answers.some((e) => !isActedOn(e, one.status)) || isHeld(one)
        t.ok(isRight, `${one.id}: ${outcome}`)
      }
      if (outcome === 'exchange-unavailable') t.fail(`${one.id}: 503`)
      else {
        t.ok(answer.startsWith(current.lines), `${one.id}: head as sent`)
        t.ok(
          answer.endsWith(`\r\n\r\n${current.octets.toString('latin1')}`),
          `${one.id}: body as sent`,
        )
      }
    }
  },
)

function isActedOn({ kind, scopes, mode }: Expectation, status: number): boolean {
  if (scopes.length === 0 || mode === 'any') return false
  if (kind === 'insufficient-scope') return true
  return kind === 'other' && status === 403
}

/** Its scopes are held by every token of the demo users. */
function isHeld({ expected }: Case): boolean {
  return expected.scopes.every((scope) => ['openid', 'email', 'profile'].includes(scope))
}

function same(one: readonly string[], other: unknown): boolean {
  return (
    Array.isArray(other) &&
    one.length === other.length &&
    one.every((scope) => other.includes(scope))
  )
}
