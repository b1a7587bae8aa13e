import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('./ogx_verdicts.py', import.meta.url))
const TIMEOUT_MS = 300_000

/** Runs `ogx_verdicts.py` in a container of an image that holds OGX, without a network. Rejects unless it exits with 0. */
export function createContainerPython(image: string): (stdin: string) => Promise<string> {
  return async (stdin) => {
    const mount = `${SCRIPT}:/ogx_verdicts.py:ro`
    const docker = ['run', '--rm', '-i', '--network', 'none', '-v', mount]
    const child = spawn(
      'docker',
      [...docker, '--entrypoint', 'python', image, '/ogx_verdicts.py'],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
        timeout: TIMEOUT_MS,
      },
    )
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stdin.end(stdin)
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`ogx_verdicts.py in ${image} ended with ${String(code)}`)
    return Buffer.concat(chunks).toString('utf8')
  }
}
