import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { digText } from '../e2e/json.ts'
import { postForm } from './admin.ts'
import type { Place } from './case.ts'

type Kind = 'access_token' | 'id_token' | 'refresh_token'

/** What the household's user gets at its login client. */
export async function logIn(
  { realmUrl, names }: Place,
  kind: Kind = 'access_token',
  form: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const answer = await postForm(
    realmUrl,
    {
      client_id: names.login,
      username: names.user,
      password: names.user,
      scope: 'openid',
      ...form,
    },
    headers,
  )
  return digText(answer, kind)
}

/** A token that is bound to a key (RFC 9449). */
export async function logInWithDpop(place: Place): Promise<string> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const proof = await new SignJWT({
    htm: 'POST',
    htu: `${place.realmUrl}/protocol/openid-connect/token`,
    jti: randomUUID(),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
    .setIssuedAt()
    .sign(privateKey)
  return logIn(place, 'access_token', {}, { dpop: proof })
}

/** Logged out, or disabled, after the token was issued. */
export async function withUserEnded(place: Place, how: 'logout' | 'disable'): Promise<string> {
  const token = await logIn(place)
  const { admin, names } = place
  const realm = encodeURIComponent(names.realm)
  const users = await admin.ask('GET', `/${realm}/users?username=${names.user}&exact=true`)
  const id = digText(users, 0, 'id')
  if (how === 'logout') await admin.ask('POST', `/${realm}/users/${id}/logout`)
  else await admin.ask('PUT', `/${realm}/users/${id}`, { enabled: false })
  return token
}
