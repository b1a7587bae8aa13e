import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { runToolWell } from './run-tool.ts'

export interface Tools {
  readonly helm: string
  readonly kubectl: string
  readonly kubeScore: string
}

export interface FoundTools {
  /** Programs that are missing have their bare name. */
  readonly tools: Tools
  readonly missing: ReadonlyMap<'helm' | 'kubectl' | 'kube-score', string>
}

const HELM = 'helm.sh/helm/v3/cmd/helm@v3.22.0'
const KUBE_SCORE = 'github.com/zegl/kube-score/cmd/kube-score@v1.20.0'
const KUBECTL_VERSION = '0.34.1'
const INSTALL_DEADLINE_MS = 600_000

/** Finds the programs, and builds from their Go modules, into a cache of this suite, those that are not there. */
export async function findTools(print: (line: string) => void): Promise<FoundTools> {
  const missing = new Map<'helm' | 'kubectl' | 'kube-score', string>()
  const have = async (
    name: 'helm' | 'kubectl' | 'kube-score',
    install: () => Promise<unknown>,
  ): Promise<string> => {
    const found = await find(name)
    if (found !== undefined) return found
    print(`· building ${name} from its Go modules`)
    try {
      await mkdir(CACHE, { recursive: true })
      await install()
      return join(CACHE, name)
    } catch (error) {
      const said = error instanceof Error ? error.message.trim().split('\n') : []
      missing.set(name, `not there, and cannot be built: ${said.at(-1) ?? 'no reason'}`)
      return name
    }
  }
  const helm = await have('helm', () => goInstall(HELM))
  const kubectl = await have('kubectl', buildKubectl)
  const kubeScore = await have('kube-score', () => goInstall(KUBE_SCORE))
  return { tools: { helm, kubectl, kubeScore }, missing }
}

const CACHE = join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
  'scopelift-deploy-tools',
)

async function find(name: string): Promise<string | undefined> {
  const path = (process.env['PATH'] ?? '').split(delimiter)
  const goBin = process.env['GOBIN'] || join(process.env['GOPATH'] || join(homedir(), 'go'), 'bin')
  for (const folder of [...path, goBin, CACHE]) {
    const file = join(folder, name)
    if (folder !== '' && (await exists(file))) return file
  }
  return undefined
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

function goInstall(module: string): Promise<string> {
  return runToolWell('go', ['install', module], {
    env: { GOBIN: CACHE },
    timeoutMs: INSTALL_DEADLINE_MS,
  })
}

/** `go install` refuses the module of Kubernetes itself, since it replaces others; kubectl as a library has its own. */
async function buildKubectl(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'scopelift-kubectl-'))
  const options = { cwd: folder, timeoutMs: INSTALL_DEADLINE_MS }
  try {
    await writeFile(
      join(folder, 'go.mod'),
      `module kubectl\ngo 1.24.0\nrequire k8s.io/kubectl v${KUBECTL_VERSION}\n`,
    )
    await writeFile(
      join(folder, 'main.go'),
      `package main
import (
	"os"
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
)
func main() { os.Exit(cli.Run(cmd.NewDefaultKubectlCommand())) }
`,
    )
    await runToolWell('go', ['mod', 'tidy'], options)
    await runToolWell('go', ['build', '-o', join(CACHE, 'kubectl'), '.'], options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
