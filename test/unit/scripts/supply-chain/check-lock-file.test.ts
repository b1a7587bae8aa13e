import t from 'tap'
import { checkLicences, isPermissive } from '../../../../scripts/supply-chain/check-licences.ts'
import {
  checkFreshness,
  checkInstallScripts,
  checkOrigins,
  checkPins,
  checkUndici,
} from '../../../../scripts/supply-chain/check-lock-file.ts'
import { parseLockFile } from '../../../../scripts/supply-chain/lock-file.ts'

const GOOD = { version: '1.0.0', integrity: 'sha512-x', license: 'MIT' }
const ROOT = { dependencies: { undici: '7.0.0' } }

function lockWith(packages: Record<string, unknown>, root: unknown = ROOT, lockfileVersion = 3) {
  return parseLockFile(JSON.stringify({ lockfileVersion, packages: { '': root, ...packages } }))
}

t.test('only one exact version is a pin', async (t) => {
  t.same(checkPins({ dependencies: { a: '1.2.3', b: '1.0.0-rc.1' } }), [])
  for (const version of [
    '^1.2.3',
    '~1.2.3',
    '1.x',
    '*',
    'latest',
    '',
    'git+ssh://x/y',
    '>=1',
    '1.2',
  ]) {
    t.equal(checkPins({ devDependencies: { a: version } }).length, 1, version)
  }
})

t.test('a lock file that does not fit package.json is stale', async (t) => {
  t.same(checkFreshness(ROOT, lockWith({})), [])
  t.match(checkFreshness({ dependencies: { undici: '7.0.1' } }, lockWith({})), [/^dependencies/])
  t.match(checkFreshness({ ...ROOT, devDependencies: { x: '1.0.0' } }, lockWith({})), [/^dev/])
  t.match(checkFreshness(ROOT, lockWith({}, ROOT, 2)), [/lockfileVersion/])
})

t.test('an address, a link and a missing digest are found, in development too', async (t) => {
  t.same(checkOrigins(lockWith({ 'node_modules/a': GOOD })), [])
  for (const wrong of [
    { resolved: 'https://registry.example/a.tgz' },
    { integrity: undefined },
    { integrity: 'sha1-x' },
    { link: true },
    { dev: true, resolved: 'git+ssh://x' },
  ]) {
    const lock = lockWith({ 'node_modules/a': { ...GOOD, ...wrong } })
    t.equal(checkOrigins(lock).length, 1, JSON.stringify(wrong))
  }
})

t.test('an install script counts in the runtime only', async (t) => {
  const scripted = { ...GOOD, hasInstallScript: true }
  t.equal(checkInstallScripts(lockWith({ 'node_modules/a': scripted })).length, 1)
  t.same(checkInstallScripts(lockWith({ 'node_modules/a': { ...scripted, dev: true } })), [])
})

t.test('a second major of undici is found wherever it is nested', async (t) => {
  const undici = (version: string, more = {}) => ({ ...GOOD, version, ...more })
  const one = { 'node_modules/undici': undici('7.0.0') }
  t.same(
    checkUndici(lockWith({ ...one, 'node_modules/a/node_modules/undici': undici('7.9.0') })),
    [],
  )
  const nested = { ...one, 'node_modules/@x/a/node_modules/undici': undici('6.0.0') }
  t.match(checkUndici(lockWith(nested)), [/2 majors/])
  t.same(checkUndici(lockWith({ ...one, 'node_modules/b': undici('6.0.0', { dev: true }) })), [])
  t.equal(checkUndici(lockWith({})).length, 1, 'none at all is no proof')
})

t.test('licences: an alternative is enough, a conjunction needs both', async (t) => {
  for (const licence of ['MIT', '(MIT OR GPL-3.0)', 'MIT AND ISC', '(GPL-2.0 OR Apache-2.0)']) {
    t.ok(isPermissive(licence), licence)
  }
  for (const licence of ['GPL-3.0', 'MIT AND GPL-3.0', 'SEE LICENSE IN x', 'UNLICENSED', '']) {
    t.notOk(isPermissive(licence), licence)
  }
  t.equal(checkLicences(lockWith({ 'node_modules/a': { ...GOOD, license: undefined } })).length, 1)
  t.same(
    checkLicences(lockWith({ 'node_modules/a': { ...GOOD, license: 'GPL-3.0', dev: true } })),
    [],
  )
})
