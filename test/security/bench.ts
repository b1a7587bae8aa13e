import type { Teardown } from '../support/demo-servers.ts'
import { startScopelift } from '../support/scopelift.ts'
import type { Bench } from './check.ts'
import { startKitUpstream } from './kit-upstream.ts'
import { startLab, tokenOf } from './lab.ts'
import type { RunOptions } from './parse-arguments.ts'
import { openWire } from './wire.ts'

/** Finds or starts what is tested. Rejects if a target does not even take a connection. */
export async function openBench(t: Teardown, options: RunOptions): Promise<Bench> {
  return options.target === undefined
    ? openLabBench(t)
    : openTargetBench(t, { ...options, target: options.target })
}

async function openTargetBench(
  t: Teardown,
  { target, token, adminUrl, upstreamPort }: RunOptions & { readonly target: string },
): Promise<Bench> {
  const upstream = upstreamPort === undefined ? undefined : await startKitUpstream(t, upstreamPort)
  const wire = await openWire(target)
  wire.socket.destroy()
  return {
    url: target,
    token: token === undefined ? undefined : async () => token,
    adminUrl,
    upstream,
    lab: undefined,
  }
}

/** Checks at the target share one Scopelift; those of the lab start their own, with the same Keycloak. */
async function openLabBench(t: Teardown): Promise<Bench> {
  const lab = await startLab(t)
  const upstream = await startKitUpstream(t)
  const scopelift = await startScopelift(t, {
    upstreamUrl: upstream.url,
    authorizationServer: lab.realm,
    env: { EXCHANGES_PER_MINUTE: '0' },
  })
  const { url, adminUrl } = scopelift
  return { url, adminUrl, upstream, lab, token: () => tokenOf(lab) }
}
