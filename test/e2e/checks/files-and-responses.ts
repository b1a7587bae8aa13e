import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import OpenAI from 'openai'
import type { Check } from '../check.ts'
import type { House } from '../house.ts'
import { connect } from './chat.ts'

/** What is stored through Scopelift belongs to whom it should. */
export function fileAndResponseChecks(house: House, alice: string): readonly Check[] {
  const client = connect(house, alice)
  let responseId: string | undefined
  return [
    {
      sentence: 'a file of 3 MB goes up and comes down byte for byte',
      async run() {
        const bytes = randomBytes(3 * 1024 * 1024)
        const file = new File([bytes], 'noise.bin')
        const { id } = await client.files.create({ file, purpose: 'assistants' })
        const content = await client.files.content(id)
        assert.equal(digest(Buffer.from(await content.arrayBuffer())), digest(bytes))
      },
    },
    {
      sentence: 'the Responses API answers, and streams',
      async run() {
        const response = await client.responses.create({ model: 'stub/tiny', input: 'Hello' })
        assert.equal(response.output_text, 'You said: Hello')
        responseId = response.id
        const types: string[] = []
        const request = { model: 'stub/tiny', input: 'Hello', stream: true as const }
        for await (const event of await client.responses.create(request)) types.push(event.type)
        assert.equal(types.at(-1), 'response.completed')
        assert.ok(types.includes('response.output_text.delta'))
      },
    },
    {
      sentence: 'a stored response is read by its owner with another issued token',
      async run() {
        const before = await house.keycloak.countExchanges()
        const again = connect(house, await house.keycloak.logIn('alice'))
        const { id } = await again.responses.retrieve(responseId ?? '')
        assert.equal(id, responseId)
        assert.equal(await house.keycloak.countExchanges(), before + 1, 'a token of its own')
      },
    },
    {
      sentence: 'for another user that response does not exist: 404',
      async run() {
        const other = connect(house, await house.keycloak.logIn('root'))
        await assert.rejects(other.responses.retrieve(responseId ?? ''), OpenAI.NotFoundError)
      },
    },
  ]
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
