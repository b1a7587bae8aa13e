import { parse } from 'yaml'
import { isJsonObject } from '../../src/json-object.ts'

type Service = Readonly<Record<string, unknown>>

/** Keycloak's image writes into its own folder at every start. */
const WRITABLE = ['keycloak']
/** The service that makes the secrets hands them over to the users that read them. */
const CAPABILITIES: Readonly<Record<string, readonly string[]>> = { secrets: ['CHOWN'] }
/** The one that hands over must be root, and so must nobody else. */
const ROOT = ['secrets']
const SECRET_NAME = /SECRET|TOKEN|PASSWORD/
const FORBIDDEN = ['privileged', 'pid', 'ipc', 'devices', 'userns_mode', 'volumes_from'] as const

/** What is wrong with the rights of the services of a compose file, in sentences. */
export function checkCompose(text: string): readonly string[] {
  const document: unknown = parse(text, { merge: true })
  const services = isJsonObject(document) ? document['services'] : undefined
  if (!isJsonObject(services)) return ['it has no services']
  const own = Object.keys(services).filter((name) => name.startsWith('scopelift'))
  return [
    ...(own.length === 0 ? ['it has no service scopelift'] : []),
    ...Object.entries(services).flatMap(([name, service]) =>
      isJsonObject(service)
        ? checkService(name, service).map((mistake) => `${name}: ${mistake}`)
        : [`${name}: is no mapping`],
    ),
  ]
}

function checkService(name: string, service: Service): readonly string[] {
  const mistakes: string[] = []
  const demand = (isMet: boolean, mistake: string) => void (isMet || mistakes.push(mistake))
  demand(service['read_only'] === true || WRITABLE.includes(name), 'read_only is not true')
  demand(listOf(service['cap_drop']).includes('ALL'), 'cap_drop does not hold ALL')
  demand(
    listOf(service['security_opt']).includes('no-new-privileges:true'),
    'security_opt does not hold no-new-privileges:true',
  )
  const extra = listOf(service['cap_add']).filter((one) => !CAPABILITIES[name]?.includes(one))
  demand(extra.length === 0, `cap_add: ${extra.join(', ')}`)
  for (const key of FORBIDDEN) demand(service[key] === undefined, `${key} is set`)
  demand(service['network_mode'] !== 'host', 'shares the network of the host')
  demand(!/^(?:0|root)\b/.test(String(service['user'])) || ROOT.includes(name), 'runs as root')
  const { image } = service
  demand(
    typeof image !== 'string' || (/:[\w.-]+$/.test(image) && !image.endsWith(':latest')),
    `${String(image)} is not pinned to a version`,
  )
  for (const port of listOf(service['ports'])) {
    demand(port.startsWith('127.0.0.1:'), `port ${port} is open to the network`)
  }
  for (const volume of listOf(service['volumes'])) {
    demand(!volume.includes('docker.sock'), 'is handed the socket of the engine')
  }
  for (const variable of variablesOf(service['environment'])) {
    const isSecret = SECRET_NAME.test(variable) && !variable.endsWith('_FILE')
    demand(!isSecret, `${variable} stands in the environment, which inspect shows`)
  }
  return mistakes
}

function variablesOf(value: unknown): readonly string[] {
  if (isJsonObject(value)) return Object.keys(value)
  return listOf(value).map((entry) => entry.split('=')[0] ?? '')
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
