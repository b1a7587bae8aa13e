import { text } from 'node:stream/consumers'
import { request } from 'undici'
import type { Contestant } from './contestant.ts'
import type { Ground } from './ground.ts'
import type { Row } from './rows.ts'

const CHECKS = 10

/** A fast wrong answer is no result: asks a few times, and throws unless all is as the row says. */
export async function checkRow(row: Row, contestant: Contestant, ground: Ground): Promise<void> {
  const { upstream, keycloak } = ground
  const tokens = row.isCold ? await keycloak.mint(CHECKS) : Array(CHECKS).fill(ground.token)
  // The first call of a warm row teaches.
  if (!row.isCold) await ask(row, contestant, ground.token)
  const before = [await upstream.count(), await keycloak.exchanges()]
  for (const token of tokens) {
    const seen = await ask(row, contestant, String(token))
    const wanted = {
      status: 200,
      answer: row.answer,
      outcome: contestant.stepsUp ? row.outcome : undefined,
    }
    if (JSON.stringify(seen) !== JSON.stringify(wanted)) {
      fail(row, contestant, `${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`)
    }
  }
  const after = [await upstream.count(), await keycloak.exchanges()]
  const used = after.map((count, i) => count - (before[i] ?? 0)).join(' and ')
  const wanted = [row.upstreamRequests, row.exchanges].map((each) => each * CHECKS).join(' and ')
  if (used !== wanted) {
    fail(row, contestant, `${used} requests at the upstream and Keycloak instead of ${wanted}`)
  }
}

async function ask(row: Row, { url }: Contestant, token: string) {
  const answer = await request(`${url}${row.path}`, {
    method: row.method,
    headers: { authorization: `Bearer ${token}` },
    body: row.bodyBytes > 0 ? Buffer.alloc(row.bodyBytes, 'x') : null,
  })
  return {
    status: answer.statusCode,
    answer: await text(answer.body),
    outcome: answer.headers['scopelift-outcome'],
  }
}

function fail(row: Row, contestant: Contestant, what: string): never {
  throw new Error(`${contestant.name} does not answer "${row.title}" rightly: ${what}`)
}
