// tap reads its plugin list from a build of its own; without it no TypeScript test loads.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

if (!existsSync('.tap/plugins')) {
  const { status } = spawnSync('npx', ['tap', 'build'], { stdio: 'inherit' })
  process.exitCode = status ?? 1
}
