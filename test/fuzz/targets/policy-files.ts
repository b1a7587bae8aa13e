import { performance } from 'node:perf_hooks'
import fc from 'fast-check'
import { createRoutePolicy } from '../../../src/policy/create-route-policy.ts'
import { PolicyFileError, parsePolicyFile } from '../../../src/policy/parse-policy-file.ts'
import { createTarget } from '../target.ts'
import { MAX_READ_MS, yamlTexts } from '../yaml-texts.ts'

const WORDS = [
  'prefer',
  'routes',
  'match',
  'method',
  'path',
  'scopes',
  'preempt',
  'audience',
  'replay',
  'never',
  '/v1/files/*',
  '/:a',
  'GET',
  'llama:files',
]
const VALID = [
  'prefer: [llama:models:read]\nroutes:\n  - match: { method: POST, path: /v1/chat/completions }\n    scopes: [a]\n',
  'routes:\n  - match: { path: /v1/files/* }\n    scopes: [a, b]\n    preempt: false\n    audience: [c]\n    replay: never\n',
  'routes:\n  - match:\n      method: [GET, PUT]\n      path: /v1/:id/x\n    scopes:\n      - a\n',
]
const MAX_MISTAKES = 51

/** A policy file is read, or refused with a bounded list of mistakes; nothing else ever happens. */
export const policyFiles = createTarget('policy-files', 3, () =>
  fc.property(yamlTexts(WORDS, VALID), (text) => {
    const startedMs = performance.now()
    try {
      const policyFile = parsePolicyFile(text)
      const policy = createRoutePolicy({
        policyFile,
        scopeRules: { isAllowed: () => true, isDenied: () => false },
      })
      policy.find('GET', '/v1/files/a', undefined)
    } catch (error) {
      if (!(error instanceof PolicyFileError)) throw error
      if (error.mistakes.length === 0 || error.mistakes.length > MAX_MISTAKES) return false
      if (error.mistakes.some(({ line }) => line < 1)) return false
    }
    return performance.now() - startedMs < MAX_READ_MS
  }),
)
