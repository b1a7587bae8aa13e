// `npm start` runs this first: Node's own words for a missing file are a stack, and name no remedy.
import { existsSync } from 'node:fs'

if (!existsSync('dist/scopelift.js')) {
  process.stderr.write('Build it first: npm run build\n')
  process.exitCode = 1
}
