import t from 'tap'
import { checkBill, createBill } from '../../../../scripts/supply-chain/bill-of-materials.ts'
import { parseLockFile } from '../../../../scripts/supply-chain/lock-file.ts'

const LOCK = parseLockFile(
  JSON.stringify({
    lockfileVersion: 3,
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0' },
      'node_modules/tool': { version: '3.0.0', dev: true },
    },
  }),
)

function component(name: string, version: string) {
  const ref = `${name}@${version}`
  return {
    'bom-ref': ref,
    name,
    version,
    purl: `pkg:npm/${ref}`,
    hashes: [{}],
    licenses: [{}],
    properties: [{ name: 'cdx:npm:package:development', value: 'true' }],
  }
}

const DOCUMENT = {
  bomFormat: 'CycloneDX',
  serialNumber: 'urn:uuid:1',
  metadata: { timestamp: 'now', component: { 'bom-ref': 'x@1.0.0', name: 'folder' } },
  components: [component('a', '1.0.0'), component('b', '2.0.0'), component('tool', '3.0.0')],
  dependencies: [
    { ref: 'x@1.0.0', dependsOn: ['a@1.0.0', 'b@2.0.0', 'tool@3.0.0'] },
    { ref: 'a@1.0.0', dependsOn: ['b@2.0.0'] },
    { ref: 'tool@3.0.0', dependsOn: [] },
  ],
}

const A = { path: 'node_modules/a', name: 'a', version: '1.0.0' }
const options = { document: DOCUMENT, lock: LOCK, bundled: [A], name: 'x', dependencies: ['a'] }

t.test('development is cut out, and whatever differs from run to run', async (t) => {
  const bill = createBill(options)
  t.same(bill['metadata'], { component: { 'bom-ref': 'x@1.0.0', name: 'x' } })
  t.notOk('serialNumber' in bill)
  t.same(bill['dependencies'], [
    { ref: 'x@1.0.0', dependsOn: ['a@1.0.0'] },
    { ref: 'a@1.0.0', dependsOn: ['b@2.0.0'] },
  ])
  t.match(bill['components'], [
    { name: 'a', properties: [{ name: 'scopelift:bundled', value: 'true' }] },
    { name: 'b', properties: [{ name: 'scopelift:bundled', value: 'false' }] },
  ])
  t.same(checkBill(bill, [A]), [])
})

t.test(
  'a package of the bundle that is missing, or there in another version, is found',
  async (t) => {
    const bill = createBill(options)
    t.equal(checkBill(bill, [{ ...A, version: '1.0.1' }]).length, 1)
    t.equal(checkBill(bill, [{ ...A, name: 'tool', version: '3.0.0' }]).length, 1)
  },
)

t.test('a component without digest, an address, and what is no bill are found', async (t) => {
  const { hashes: _hashes, ...bare } = component('a', '1.0.0')
  t.match(checkBill({ bomFormat: 'CycloneDX', components: [bare] }, []), [/lacks/])
  const located = { ...component('a', '1.0.0'), url: 'https://registry.example/a.tgz' }
  t.match(checkBill({ bomFormat: 'CycloneDX', components: [located] }, []), [/address/])
  t.match(checkBill({}, []), [/not CycloneDX/])
  t.throws(() => createBill({ ...options, document: undefined }), /no bill/)
})
