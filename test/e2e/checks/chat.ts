import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { recordingFetch } from '../call.ts'
import type { Check } from '../check.ts'
import type { House } from '../house.ts'
import { digText } from '../json.ts'

export const CHAT = { model: 'stub/tiny', messages: [{ role: 'user', content: 'Good morning' }] }
const ANSWER = 'You said: Good morning'

/** The point of it all: a minimal token, and an answer. */
export function chatChecks(house: House, alice: string): readonly Check[] {
  const path = '/v1/chat/completions'
  return [
    {
      sentence: 'OGX itself refuses the minimal token for a chat completion',
      async run() {
        const { status, body } = await house.askOgx({ path, token: alice, json: CHAT })
        assert.equal(status, 403)
        assert.match(body.toString(), /insufficient permissions for route \/v1\/chat\/completions/)
      },
    },
    {
      sentence: 'through Scopelift the same token gets its chat completion',
      async run() {
        const { status, outcome, body } = await house.call({ path, token: alice, json: CHAT })
        assert.deepEqual([status, outcome], [200, 'preempted'])
        const message = digText(JSON.parse(body.toString()), 'choices', 0, 'message', 'content')
        assert.equal(message, ANSWER)
      },
    },
    {
      sentence: 'a second call needs no exchange: Keycloak is not asked again',
      async run() {
        const before = await house.keycloak.countExchanges()
        const { status, outcome } = await house.call({ path, token: alice, json: CHAT })
        assert.deepEqual([status, outcome], [200, 'preempted'])
        assert.equal(await house.keycloak.countExchanges(), before)
        assert.ok(before > 0, 'Keycloak counts its exchanges')
      },
    },
    {
      sentence: 'what the own token is enough for goes out with the own token',
      async run() {
        const before = await house.keycloak.countExchanges()
        const { status, outcome } = await house.call({ path: '/v1/models', token: alice })
        assert.deepEqual([status, outcome], [200, 'forwarded'])
        assert.equal(await house.keycloak.countExchanges(), before)
      },
    },
    {
      sentence: 'a model id with an encoded slash arrives as it was sent',
      async run() {
        const { status, body } = await house.call({ path: '/v1/models/stub%2Ftiny', token: alice })
        assert.equal(status, 200)
        assert.equal(digText(JSON.parse(body.toString()), 'id'), 'stub/tiny')
      },
    },
    ...sdkChecks(connect(house, alice)),
  ]
}

function sdkChecks(client: OpenAI): readonly Check[] {
  const messages = [{ role: 'user' as const, content: 'Good morning' }]
  return [
    {
      sentence: 'the OpenAI SDK gets a chat completion with nothing but another base URL',
      async run() {
        const completion = await client.chat.completions.create({ model: 'stub/tiny', messages })
        assert.equal(completion.choices[0]?.message.content, ANSWER)
      },
    },
    {
      sentence: 'the OpenAI SDK gets a streamed one word by word, while the model is still talking',
      async run() {
        const pauseMs = 200
        const slow = [{ role: 'user' as const, content: `one two three four slow:${pauseMs}` }]
        const request = { model: 'stub/tiny', messages: slow, stream: true as const }
        const words: { readonly text: string; readonly at: number }[] = []
        for await (const chunk of await client.chat.completions.create(request)) {
          const text = chunk.choices[0]?.delta.content
          if (text) words.push({ text, at: performance.now() })
        }
        assert.equal(words.map(({ text }) => text).join(''), `You said: ${slow[0]?.content}`)
        const spreadMs = (words.at(-1)?.at ?? 0) - (words[0]?.at ?? 0)
        assert.ok(spreadMs > 2 * pauseMs, `all came within ${spreadMs} ms`)
      },
    },
  ]
}

/** The SDK as its users have it, less its retries: a failure shall show. */
export function connect(house: House, token: string, baseURL = `${house.origin}/v1`): OpenAI {
  return new OpenAI({
    baseURL,
    apiKey: token,
    maxRetries: 0,
    timeout: 60_000,
    fetch: recordingFetch(house.transcript),
  })
}
