import { logIn } from '../caller-tokens.ts'
import type { Case } from '../case.ts'

/** Where everything is as it must be, doctor has nothing but ticks. */
export const SOUND_CASES: readonly Case[] = [
  { sentence: 'nothing is wrong, and a user logs in', expected: [], exitCode: 0 },
  {
    sentence: 'nothing is wrong, and a token comes on standard input',
    token: logIn,
    expected: [],
    exitCode: 0,
  },
  {
    sentence: 'nothing is wrong, and the secret goes into the form',
    env: () => ({ KEYCLOAK_AUTH_METHOD: 'client_secret_post' }),
    expected: [],
    exitCode: 0,
  },
  {
    sentence: 'nothing is wrong, and the client has no service account: a token shows as much',
    spoil: ({ requester }) => {
      requester.serviceAccountsEnabled = false
    },
    expected: [],
    exitCode: 0,
  },
  {
    sentence: 'nobody is given, and the client has no service account',
    spoil: ({ requester }) => {
      requester.serviceAccountsEnabled = false
    },
    args: [],
    expected: ['service-account-off', 'token-absent'],
    exitCode: 0,
  },
]
