import { createContainerPython } from './in-container.ts'
import { runDifferential } from './run-differential.ts'

// npx tsx test/e2e/differential/main.ts <image with OGX> [seed] [rule sets]
const [image, seed, ruleSets] = process.argv.slice(2)
if (image === undefined) throw new Error('name an image that holds OGX')
const result = await runDifferential({
  runPython: createContainerPython(image),
  ...(seed !== undefined && { seed: Number(seed) }),
  ...(ruleSets !== undefined && { ruleSets: Number(ruleSets) }),
})
for (const mismatch of result.mismatches) console.error(mismatch)
console.log(JSON.stringify({ ...result, mismatches: result.mismatches.length }, undefined, 2))
process.exitCode = result.mismatches.length === 0 ? 0 : 1
