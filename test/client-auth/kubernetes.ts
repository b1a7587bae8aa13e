import { execFile } from 'node:child_process'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'

/** A real Kubernetes API server, which issues tokens of service accounts. */
export interface Kubernetes {
  readonly issuer: string
  /** The certificate (PEM) of the authority that vouches for it. */
  readonly authority: string
  createServiceAccount(name: string): Promise<void>
  /** A token with that audience; without one, for the API server itself. */
  createToken(name: string, audience?: string): Promise<string>
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 900_000
const CALL_TIMEOUT_MS = 60_000
const run = promisify(execFile)

/**
 * Starts one with the tool that KUBE_API names: `<tool> start`, with the issuer in ISSUER, prints `export KUBECONFIG=…`.
 * A string says why there is none.
 */
export async function startKubernetes(
  { KUBE_API, KUBE_API_ISSUER = 'https://127.0.0.1:6443' }: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Kubernetes | string> {
  if (KUBE_API === undefined || KUBE_API === '') {
    return 'KUBE_API names no tool that starts an API server'
  }
  const env = { ...process.env, ISSUER: KUBE_API_ISSUER }
  try {
    const options = { env, timeout: START_TIMEOUT_MS, signal }
    const { stdout } = await run(KUBE_API, ['start'], options)
    const [, kubeconfig] = /^export KUBECONFIG=(\S+)$/m.exec(stdout) ?? []
    if (kubeconfig === undefined) return 'the tool of KUBE_API printed no KUBECONFIG'
    return await openKubernetes(KUBE_API, kubeconfig, KUBE_API_ISSUER)
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  }
}

async function openKubernetes(
  tool: string,
  kubeconfig: string,
  issuer: string,
): Promise<Kubernetes> {
  const kubectl = async (...args: readonly string[]) => {
    const env = { ...process.env, KUBECONFIG: kubeconfig }
    return (await run('kubectl', [...args], { env, timeout: CALL_TIMEOUT_MS })).stdout.trim()
  }
  const createToken: Kubernetes['createToken'] = (name, audience) =>
    kubectl('create', 'token', name, ...(audience === undefined ? [] : ['--audience', audience]))
  // Keycloak reads the issuer's keys without a token, as outside of the cluster it must.
  const role = '--clusterrole=system:service-account-issuer-discovery'
  const binding = ['create', 'clusterrolebinding', 'issuer-discovery', role]
  await kubectl(...binding, '--group=system:unauthenticated')
  await kubectl('create', 'serviceaccount', 'probe')
  const found = decodeJwt(await createToken('probe')).iss
  if (found !== issuer) throw new Error(`the API server is issuer ${found}, not ${issuer}`)
  return {
    issuer,
    authority: await readAuthority(new URL(issuer)),
    async createServiceAccount(name) {
      await kubectl('create', 'serviceaccount', name)
    },
    createToken,
    async stop() {
      await run(tool, ['stop'], { timeout: CALL_TIMEOUT_MS })
    },
  }
}

/** The end of the chain that it shows; it is on our own loopback. */
function readAuthority({ hostname, port }: URL): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: hostname, port: Number(port), rejectUnauthorized: false },
      () => {
        let certificate = socket.getPeerCertificate(true)
        while (certificate.issuerCertificate !== certificate) {
          if (certificate.issuerCertificate === undefined) break
          certificate = certificate.issuerCertificate
        }
        socket.destroy()
        const base64 = certificate.raw.toString('base64').replace(/.{64}/g, '$&\n')
        resolve(`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`)
      },
    )
    socket.once('error', reject)
  })
}
