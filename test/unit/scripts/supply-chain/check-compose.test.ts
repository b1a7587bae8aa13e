import { readFileSync } from 'node:fs'
import t from 'tap'
import { checkCompose } from '../../../../scripts/supply-chain/check-compose.ts'

const HARDENED =
  '{ read_only: true, cap_drop: [ALL], security_opt: ["no-new-privileges:true"], image: "x:1"'

t.test('the project’s own compose file is in order', async (t) => {
  t.same(checkCompose(readFileSync('docker-compose.yml', 'utf8')), [])
})

t.test('a right that is not taken away is found, also where a merge key hides it', async (t) => {
  const text = readFileSync('docker-compose.yml', 'utf8')
  for (const line of ['  read_only: true\n', '  cap_drop: [ALL]\n']) {
    const found = checkCompose(text.replace(line, ''))
    t.ok(
      found.some((mistake) => mistake.startsWith('scopelift: ')),
      line,
    )
    t.ok(
      found.some((mistake) => mistake.startsWith('scopelift-legacy: ')),
      line,
    )
  }
  t.ok(checkCompose(text.replaceAll('no-new-privileges:true', 'label:x')).length >= 6)
})

t.test('what gives a service more than it needs is found', async (t) => {
  for (const more of [
    'privileged: true',
    'pid: host',
    'network_mode: host',
    'cap_add: [NET_ADMIN]',
    'user: root',
    'user: "0:0"',
    'ports: ["8322:8322"]',
    'volumes: ["/var/run/docker.sock:/s"]',
    'environment: { KEYCLOAK_CLIENT_SECRET: x }',
    'environment: [API_TOKEN=x]',
    'image: "x:latest"',
    'image: x',
  ]) {
    const start = more.startsWith('image') ? HARDENED.replace(', image: "x:1"', '') : HARDENED
    const found = checkCompose(`services:\n  scopelift: ${start}, ${more} }\n`)
    t.equal(found.length, 1, `${more}: ${found.join('; ')}`)
  }
  t.same(checkCompose(`services:\n  scopelift: ${HARDENED} }\n`), [])
  t.equal(checkCompose(`services:\n  other: ${HARDENED} }\n`).length, 1)
  t.equal(checkCompose('x: 1').length, 1)
})
