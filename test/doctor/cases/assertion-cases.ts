import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, Place } from '../case.ts'
import type { Parts } from '../realm.ts'

const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })

function register({ requester }: Parts, { publicKey }: typeof own): void {
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'ES256', use: 'sig' }
  requester.clientAuthenticatorType = 'client-jwt'
  requester.attributes = {
    ...requester.attributes,
    'use.jwks.string': 'true',
    'jwks.string': JSON.stringify({ keys: [jwk] }),
  }
}

/** The settings of `private_key_jwt`. */
function withKey() {
  return {
    KEYCLOAK_AUTH_METHOD: 'private_key_jwt',
    KEYCLOAK_CLIENT_SECRET: '',
    KEYCLOAK_CLIENT_KEY: own.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    KEYCLOAK_CLIENT_KEY_ID: 'key-1',
  }
}

function withAssertion({ folder, names }: Place, text: string) {
  const file = join(folder, `assertion-${names.login}`)
  writeFileSync(file, text)
  return {
    KEYCLOAK_AUTH_METHOD: 'federated_jwt',
    KEYCLOAK_CLIENT_SECRET: '',
    KEYCLOAK_CLIENT_ASSERTION_FILE: file,
  }
}

/** Whole, and of no identity provider: an issuer that no realm knows, and a signature as long as RS256 wants. */
const STRAY_ASSERTION = [
  encode({ alg: 'RS256' }),
  encode({ iss: 'https://stray.example', sub: 'stray', exp: 4_102_444_800 }),
  Buffer.alloc(256, 1).toString('base64url'),
].join('.')

function encode(part: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

export const ASSERTION_CASES: readonly Case[] = [
  {
    sentence: 'nothing is wrong, and the client authenticates by a signed JWT',
    spoil: (parts) => register(parts, own),
    env: withKey,
    expected: [],
    exitCode: 0,
  },
  {
    sentence: 'another key is registered at the client',
    spoil: (parts) => register(parts, other),
    env: withKey,
    expected: ['client-assertion-refused'],
    exitCode: 1,
  },
  {
    sentence: 'the client authenticates by a secret, and is sent a signed JWT',
    env: withKey,
    expected: ['client-wants-secret'],
    exitCode: 1,
  },
  {
    sentence: 'no identity provider vouches for the federated token',
    spoil: ({ requester }) => {
      requester.clientAuthenticatorType = 'federated-jwt'
    },
    env: (place) => withAssertion(place, STRAY_ASSERTION),
    expected: ['client-unknown'],
    exitCode: 1,
  },
  {
    sentence: 'the file of the federated token is empty',
    env: (place) => withAssertion(place, ''),
    expected: ['client-assertion-unreadable'],
    exitCode: 1,
  },
]
