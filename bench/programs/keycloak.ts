// Keycloak's stand-in in a process of its own, run by tsx: it mints tokens and says how many exchanges it saw when its parent asks.
import { readFile } from 'node:fs/promises'
import { startAuthorizationServer } from '../../demo/authorization-server/start-authorization-server.ts'
import { isJsonObject, parseJsonObject } from '../../src/json-object.ts'

const REALM = new URL('../../keycloak/authentication-demo.json', import.meta.url)
/** Longer than any run: a token that ends in the middle would be measured as an exchange. */
const LIFETIME_S = 36_000

const server = await startAuthorizationServer({
  realm: { ...parseJsonObject(await readFile(REALM, 'utf8')), accessTokenLifespan: LIFETIME_S },
  env: { KEYCLOAK_CLIENT_SECRET: process.env['KEYCLOAK_CLIENT_SECRET'] ?? '' },
})
process.on('message', (question) => void answer(question))
process.on('disconnect', () => process.exit())
const { url, realm, issuer, tokenEndpoint } = server
process.send?.({ url, realm, issuer, tokenEndpoint })

async function answer(question: unknown): Promise<void> {
  const count = isJsonObject(question) ? Number(question['mint']) : 0
  const tokens: string[] = []
  for (let i = 0; i < count; i += 1) {
    tokens.push(await server.issueSubjectToken({ user: 'alice', expiresInS: LIFETIME_S }))
  }
  process.send?.({ tokens, exchanges: server.exchanges })
}
