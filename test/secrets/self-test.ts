import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import type { Check } from '../e2e/check.ts'
import { createCorpus, KINDS } from './corpus.ts'
import type { House } from './house.ts'
import { createNeedles } from './needles.ts'
import { startProgram } from './program.ts'
import { searchTexts } from './search.ts'

/** A search that finds nothing proves nothing until it has found something. */
export function selfChecks(house: House): readonly Check[] {
  return [
    {
      sentence: 'the search finds a token that is planted, whole, in part, and in other spellings',
      async run() {
        const token = await house.token()
        const [, payload = '', signature = ''] = token.split('.')
        for (const text of [
          token,
          `Bearer ${token}"`,
          token.toLowerCase(),
          `…${payload.slice(40, 60)}…`,
          `…${signature.slice(-20)}`,
          `x${signature.slice(0, 20)}`,
          `%${Buffer.from(token).toString('hex').replace(/../g, '%$&').slice(1)}`,
        ]) {
          assert.equal(house.needles.find(text).length, 1, `in a text of ${text.length}`)
        }
      },
    },
    {
      sentence: 'the search finds the secret raw, form-encoded, escaped, in hex and behind Basic',
      async run() {
        const { secret, needles } = house
        const form = new URLSearchParams({ client_secret: secret }).toString()
        for (const text of [
          secret,
          form,
          JSON.stringify({ secret }),
          encodeURIComponent(secret),
          Buffer.from(secret).toString('hex'),
          ...['', 'a', 'ab', 'authentication-demo:'].map((before) =>
            Buffer.from(`${before}${secret}`).toString('base64'),
          ),
          `Basic ${Buffer.from(form.replace('client_secret=', 'client:')).toString('base64')}`,
        ]) {
          assert.equal(needles.find(`log ${text} line`).length, 1, `as ${text.length} characters`)
        }
      },
    },
    {
      sentence: 'the search finds what the real program prints: the start line names the upstream',
      async run() {
        const corpus = createCorpus()
        const needles = createNeedles()
        const program = startProgram({
          cwd: tmpdir(),
          env: {
            KEYCLOAK_SERVER_URL: house.authorizationServer.url,
            KEYCLOAK_REALM: house.authorizationServer.realm,
            KEYCLOAK_CLIENT_ID: 'x',
            KEYCLOAK_CLIENT_SECRET: house.secret,
            UPSTREAM_URL: `http://127.0.0.1:9/${needles.plant('planted')}`,
            PORT: '0',
            ADMIN_PORT: '0',
          },
        })
        await program.listening
        program.signal('SIGTERM')
        assert.equal(await program.ended, 0)
        corpus.add('stdout', 'the program', program.stdout())
        assert.equal(searchTexts(corpus, needles, 'stdout').length, 1)
      },
    },
    {
      sentence:
        'the search finds one planted line in every kind of output, and nothing where nothing is',
      async run() {
        const corpus = createCorpus()
        const needles = createNeedles()
        const planted = needles.plant('planted')
        for (const kind of KINDS) {
          corpus.add(kind, 'clean', 'nothing to see')
          assert.deepEqual(searchTexts(corpus, needles, kind), [])
          corpus.add(kind, 'dirty', `a line\nwith ${planted}`)
          assert.equal(searchTexts(corpus, needles, kind).length, 1)
        }
      },
    },
  ]
}
