import { rootCertificates } from 'node:tls'
import t from 'tap'
import {
  defaultAuthorities,
  knowsExtraAuthorities,
} from '../../../src/config/default-authorities.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { createAuthority } from '../../support/certificates.ts'
import { REQUIRED, readFrom } from './config-fixture.ts'

t.test('a Node that can tell is asked whom it trusts, NODE_EXTRA_CA_CERTS included', async (t) => {
  const node = { rootCertificates: ['root'], getCACertificates: () => ['root', 'extra'] }
  t.same(defaultAuthorities(node), ['root', 'extra'])
  t.equal(knowsExtraAuthorities(node), true)
})

t.test('an older one trusts at least the public authorities', async (t) => {
  const node = { rootCertificates: ['root'] }
  t.same(defaultAuthorities(node), ['root'])
  t.equal(knowsExtraAuthorities(node), false)
})

t.test('this one trusts the public authorities', async (t) => {
  const [first = ''] = rootCertificates
  t.ok(defaultAuthorities().includes(first))
})

t.test('whoever loses NODE_EXTRA_CA_CERTS by a file of authorities is told', async (t) => {
  const { cert } = await createAuthority()
  const warningsOf = (env: Readonly<Record<string, string>>) =>
    loadConfig({
      env: { ...REQUIRED, KEYCLOAK_AUDIENCE: 'a', ...env },
      readFile: readFrom({ '/ca.pem': cert }),
    }).warnings
  const extra = { NODE_EXTRA_CA_CERTS: '/extra.pem' }
  t.same(warningsOf(extra), [])
  t.same(warningsOf({ CA_FILE: '/ca.pem' }), [])
  for (const variable of ['CA_FILE', 'KEYCLOAK_CA_FILE', 'UPSTREAM_CA_FILE']) {
    const warnings = warningsOf({ ...extra, [variable]: '/ca.pem' })
    if (knowsExtraAuthorities()) t.same(warnings, [])
    else
      t.match(warnings, [
        new RegExp(`^NODE_EXTRA_CA_CERTS is not used beside ${variable}.*22\\.15`),
      ])
  }
})
