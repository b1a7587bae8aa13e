// One bundled file starts in about half the time of a compiled tree with node_modules.
import { chmod, readFile } from 'node:fs/promises'
import { build } from 'esbuild'

const outfile = 'dist/scopelift.js'
const { version } = JSON.parse(await readFile('package.json', 'utf8'))

await build({
  entryPoints: ['src/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  // Names stay as they are written: esbuild keeps shortened ones readable by a call for every function that is made.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: true,
  legalComments: 'linked',
  define: { 'process.env.SCOPELIFT_VERSION': JSON.stringify(version) },
  // Fastify's tree is CommonJS: without a require of its own an ESM bundle dies of "Dynamic require".
  // To a shell the second line is a command: Node is called with `--`, or it would take our --env-file for its own.
  banner: {
    js: '#!/bin/sh\n\':\' //; exec node -- "$0" "$@"\nimport { createRequire as __createRequire } from \'node:module\'; const require = __createRequire(import.meta.url);',
  },
})
await chmod(outfile, 0o755)
