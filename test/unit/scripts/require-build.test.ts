import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parseJsonObject } from '../../../src/json-object.ts'
import { createFolder } from '../../support/files.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

t.test('without a build `npm start` says how to build, in one sentence', async (t) => {
  const { scripts } = parseJsonObject(readFileSync(`${ROOT}/package.json`, 'utf8')) ?? {}
  t.match(scripts, { prestart: 'node scripts/require-build.mjs' })
  const cwd = createFolder(t).path('.')
  const { status, stderr } = spawnSync(process.execPath, [`${ROOT}/scripts/require-build.mjs`], {
    cwd,
  })
  t.same([status, String(stderr)], [1, 'Build it first: npm run build\n'])
})
