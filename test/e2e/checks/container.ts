import assert from 'node:assert/strict'
import type { Check } from '../check.ts'
import type { House } from '../house.ts'
import { dig } from '../json.ts'

/** The image as it runs: least rights, one file, healthy by its own judgement. */
export function containerChecks(house: House): readonly Check[] {
  const node = (code: string) => house.compose.exec('scopelift', ['node', '-e', code])
  return [
    {
      sentence: 'Scopelift runs as uid 1000, without a capability and without a way to new ones',
      async run() {
        const status = await node(
          `process.stdout.write(require('fs').readFileSync('/proc/1/status'))`,
        )
        assert.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m)
        assert.match(status, /^CapEff:\t0+$/m)
        assert.match(status, /^CapBnd:\t0+$/m)
        assert.match(status, /^NoNewPrivs:\t1$/m)
      },
    },
    {
      sentence: 'its root file system and its secret cannot be written',
      async run() {
        const codes = await node(
          `for (const f of ['/app/x', '/tmp/x', '/run/scopelift/client-secret']) ` +
            `try { require('fs').writeFileSync(f, 'x'); console.log('written') } catch (e) { console.log(e.code) }`,
        )
        assert.deepEqual(codes.trim().split('\n'), ['EROFS', 'EROFS', 'EROFS'])
      },
    },
    {
      sentence: 'the image holds one program file',
      async run() {
        const files = await node(`console.log(require('fs').readdirSync('/app').join(' '))`)
        const programs = files
          .trim()
          .split(' ')
          .filter((file) => !file.endsWith('.LEGAL.txt'))
        assert.deepEqual(programs, ['scopelift.mjs'])
      },
    },
    {
      sentence: '`scopelift health` says that it lives',
      run: async () => void (await house.compose.exec('scopelift', ['scopelift', 'health'])),
    },
    {
      sentence: 'readiness reports no problem',
      async run() {
        const ready: unknown = JSON.parse(await house.askAdmin('/readyz'))
        assert.deepEqual([dig(ready, 'status'), dig(ready, 'problems')], ['ok', []])
      },
    },
    {
      sentence: 'no secret stands in an environment, label or command of any container',
      async run() {
        const secrets = await house.readSecrets()
        for (const service of ['keycloak', 'scopelift', 'scopelift-legacy', 'ogx', 'secrets']) {
          const container = await house.compose.inspect(service)
          assert.ok(!secrets.some((secret) => container.includes(secret)), service)
        }
      },
    },
  ]
}
