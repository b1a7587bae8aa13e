import assert from 'node:assert/strict'
import { parse } from 'yaml'
import { isSecretSetting, isSettingName } from '../../../src/config/settings-schema.ts'
import { dig, digText } from '../../e2e/json.ts'
import type { Check } from '../check.ts'
import { MODES } from '../modes.ts'
import { appOf, digList, environmentOf, podOf, sidecarOf } from '../pod.ts'
import type { Rendered, Renderer } from '../render.ts'
import { ofKind } from '../render.ts'

/** Each holds for every mode, however it is rendered. */
const RULES: readonly (readonly [sentence: string, check: (rendered: Rendered) => void])[] = [
  ['Scopelift is a native sidecar, and the app no init container', isNativeSidecar],
  ['no variable of a Service reaches a container, no API token is mounted', hasNoLinks],
  ['probes ask the admin port, the first of them only whether the process lives', probesAdmin],
  ['every variable is a setting of the program', knowsEveryVariable],
  ['no secret is in the environment, in a ConfigMap or in another container', hidesSecrets],
  ['no file is mounted by subPath: a new version must arrive', mountsFolders],
  ['both containers run without root, privileges or a root file system to write to', isRestricted],
  ['the app has the time for its pause, and the sidecar for its grace', hasTimeToStop],
  ['the app listens on loopback, where only the pod reaches it', appListensOnLoopback],
  ['a projected token is for the realm’s issuer alone, for an hour', projectsForIssuer],
]

export function hardeningChecks(renderer: Renderer): readonly Check[] {
  return RULES.map(([sentence, check]) => ({
    sentence,
    needs: ['kubectl', 'helm'],
    async run() {
      for (const mode of MODES) {
        for (const rendered of await renderer.both(mode)) check(rendered)
      }
    },
  }))
}

function isNativeSidecar(rendered: Rendered): void {
  assert.equal(dig(sidecarOf(rendered), 'restartPolicy'), 'Always')
  assert.deepEqual(
    digList(podOf(rendered), 'containers').map((container) => dig(container, 'name')),
    ['llama-stack'],
  )
}

function hasNoLinks(rendered: Rendered): void {
  assert.equal(dig(podOf(rendered), 'enableServiceLinks'), false)
  assert.equal(dig(podOf(rendered), 'automountServiceAccountToken'), false)
}

function probesAdmin(rendered: Rendered): void {
  const sidecar = sidecarOf(rendered)
  const adminPort = Number(environmentOf(rendered).get('ADMIN_PORT'))
  const paths = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => {
    assert.equal(dig(sidecar, probe, 'httpGet', 'port'), adminPort)
    return dig(sidecar, probe, 'httpGet', 'path')
  })
  assert.deepEqual(paths, ['/healthz', '/healthz', '/readyz'])
  const ports = digList(sidecar, 'ports').map((port) => dig(port, 'containerPort'))
  assert.deepEqual(ports, [Number(environmentOf(rendered).get('PORT')), adminPort])
}

function knowsEveryVariable(rendered: Rendered): void {
  for (const name of environmentOf(rendered).keys()) {
    const base = name.replace(/_FILE$/, '')
    assert.ok(isSettingName(name) || isSecretSetting(base), `${name} is not a setting`)
  }
}

function hidesSecrets(rendered: Rendered): void {
  for (const name of environmentOf(rendered).keys()) assert.ok(!isSecretSetting(name), name)
  assert.doesNotMatch(rendered.text, /secretKeyRef|secretRef/)
  assert.deepEqual(ofKind(rendered, 'Secret'), [])
  const mounts = digList(appOf(rendered), 'volumeMounts').map((mount) => digText(mount, 'name'))
  assert.deepEqual(
    mounts.filter((name) => name.startsWith('scopelift')),
    [],
  )
}

function mountsFolders(rendered: Rendered): void {
  assert.doesNotMatch(rendered.text, /subPath(Expr)?:/)
}

function isRestricted(rendered: Rendered): void {
  for (const container of [sidecarOf(rendered), appOf(rendered)]) {
    assert.deepEqual(dig(container, 'securityContext'), {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    })
    for (const name of ['cpu', 'memory']) assert.ok(dig(container, 'resources', 'requests', name))
    assert.ok(dig(container, 'resources', 'limits', 'memory'))
  }
}

function hasTimeToStop(rendered: Rendered): void {
  const pause = Number(dig(appOf(rendered), 'lifecycle', 'preStop', 'sleep', 'seconds'))
  const grace = Number(environmentOf(rendered).get('SHUTDOWN_GRACE_MS')) / 1000
  assert.ok(pause > 0)
  assert.ok(Number(dig(podOf(rendered), 'terminationGracePeriodSeconds')) > pause + grace)
}

function appListensOnLoopback(rendered: Rendered): void {
  const configs = ofKind(rendered, 'ConfigMap').map((object) => dig(object, 'data', 'config.yaml'))
  const [config] = configs.filter((text) => typeof text === 'string')
  const server: unknown = dig(parse(String(config)), 'server')
  assert.equal(dig(server, 'host'), '127.0.0.1')
  assert.equal(
    environmentOf(rendered).get('UPSTREAM_URL'),
    `http://127.0.0.1:${dig(server, 'port')}`,
  )
  assert.equal(dig(appOf(rendered), 'ports'), undefined)
}

function projectsForIssuer(rendered: Rendered): void {
  for (const volume of digList(podOf(rendered), 'volumes')) {
    for (const source of digList(volume, 'projected', 'sources')) {
      const issuer = environmentOf(rendered).get('KEYCLOAK_ISSUER')
      assert.deepEqual(dig(source, 'serviceAccountToken'), {
        path: 'token',
        audience: issuer,
        expirationSeconds: 3600,
      })
    }
  }
  const isFederated = environmentOf(rendered).get('KEYCLOAK_AUTH_METHOD') === 'federated_jwt'
  assert.equal(rendered.text.includes('serviceAccountToken:'), isFederated)
}
