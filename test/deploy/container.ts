import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { dig, digText } from '../e2e/json.ts'
import { waitUntil } from '../e2e/wait-until.ts'
import { dataOf, digList, environmentOf, podOf, sidecarOf } from './pod.ts'
import type { Rendered } from './render.ts'

/** Scopelift as the kubelet would start it, but on this machine: its variables, and its volumes in a private folder. */
export interface Container {
  /** Asks the admin listener. */
  ask(path: string): Promise<{ readonly status: number; readonly body: string }>
  /** Replaces the files of a volume as the kubelet does: the link `..data` is swapped. */
  swap(volume: string, files: Files): Promise<void>
  readonly log: () => string
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>
  close(): Promise<void>
}

type Files = Readonly<Record<string, string>>

export interface StartContainerOptions {
  /** Files of volumes that are not among the manifests: Secrets, and tokens that a cluster issues. */
  readonly files: Readonly<Record<string, Files>>
}

const PROGRAM = resolve('dist/scopelift.js')
const ADMIN_URL = /"adminUrl":"([^"]+)"/
const START_DEADLINE_MS = 20_000

/** Nothing of it leaves this machine, and no port is taken that another may need. */
const HERE: Files = {
  HOST: '127.0.0.1',
  PORT: '0',
  ADMIN_HOST: '127.0.0.1',
  ADMIN_PORT: '0',
  KEYCLOAK_SERVER_URL: 'https://127.0.0.1:1',
  UPSTREAM_URL: 'http://127.0.0.1:1',
}

export async function startContainer(
  rendered: Rendered,
  { files }: StartContainerOptions,
): Promise<Container> {
  const root = await mkdtemp(join(tmpdir(), 'scopelift-pod-'))
  const folders = new Map<string, string>()
  for (const mount of digList(sidecarOf(rendered), 'volumeMounts')) {
    const name = digText(mount, 'name')
    const folder = join(root, digText(mount, 'mountPath'))
    folders.set(name, folder)
    await mountFiles(folder, files[name] ?? filesOf(rendered, name))
  }
  const variables = Object.fromEntries(
    Array.from(environmentOf(rendered), ([name, value]) => [name, remap(value, rendered, root)]),
  )
  const child = spawn(process.execPath, [PROGRAM], {
    cwd: root,
    env: { ...variables, ...HERE },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
  }
  const ended = new Promise<number | null>((done) => child.on('close', done))
  return {
    async ask(path) {
      await waitUntil('it listens', START_DEADLINE_MS, async () => ADMIN_URL.test(log))
      const response = await fetch(new URL(path, ADMIN_URL.exec(log)?.[1]))
      return { status: response.status, body: await response.text() }
    },
    swap: (volume, fresh) => mountFiles(folders.get(volume) ?? root, fresh),
    log: () => log,
    stop() {
      child.kill('SIGTERM')
      return ended
    },
    async close() {
      child.kill('SIGKILL')
      await ended
      await rm(root, { recursive: true, force: true })
    },
  }
}

function filesOf(rendered: Rendered, volumeName: string): Files {
  const volumes = digList(podOf(rendered), 'volumes')
  const volume = volumes.find((candidate) => dig(candidate, 'name') === volumeName)
  const data = dataOf(rendered, digText(volume, 'configMap', 'name'))
  const items = digList(volume, 'configMap', 'items').map((item) => {
    const content = data.get(digText(item, 'key'))
    if (content === undefined) throw new Error(`${volumeName} lacks ${digText(item, 'key')}`)
    return [digText(item, 'path'), content] as const
  })
  return Object.fromEntries(items)
}

/** Each version is a folder of its own, to which `..data` leads; the files are links through it. */
async function mountFiles(folder: string, files: Files): Promise<void> {
  await mkdir(folder, { recursive: true })
  const version = await mkdtemp(join(folder, '..'.concat('version-')))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(version, name)), { recursive: true })
    await writeFile(join(version, name), content)
    await symlink(join('..data', name), join(folder, name)).catch(() => undefined)
  }
  await symlink(version, join(folder, '..fresh'))
  await rename(join(folder, '..fresh'), join(folder, '..data'))
}

function remap(value: string, rendered: Rendered, root: string): string {
  const mounts = digList(sidecarOf(rendered), 'volumeMounts')
  const isMounted = mounts.some((mount) => value.startsWith(`${digText(mount, 'mountPath')}/`))
  return isMounted ? join(root, value) : value
}
