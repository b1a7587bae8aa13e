// Makes secret files on the first `up` and leaves them alone afterwards.
//   make-secret.mjs FILE…           makes those that are not there
//   make-secret.mjs --replace FILE  takes the new secret from standard input (an argument would show in `docker ps`)
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

const reader = { uid: 1000, gid: 1000 }
const [first, ...rest] = process.argv.slice(2)

if (first === '--replace' && rest.length === 1) replace(rest[0])
else if (first !== undefined && !first.startsWith('-')) [first, ...rest].forEach(make)
else {
  process.stderr.write(
    'usage: make-secret.mjs FILE… | make-secret.mjs --replace FILE <new-secret\n',
  )
  process.exit(64)
}

function make(file) {
  if (existsSync(file)) return report('kept', file)
  write(file, randomBytes(32).toString('base64url'))
  report('made', file)
}

function replace(file) {
  const secret = readFileSync(0, 'utf8').trim()
  if (secret === '') throw new Error('nothing came on standard input')
  write(file, secret)
  report('replaced', file)
}

// A rename, so that nobody ever reads half a secret.
function write(file, secret) {
  const draft = `${file}.new`
  rmSync(draft, { force: true })
  writeFileSync(draft, `${secret}\n`, { mode: 0o400 })
  chownSync(draft, reader.uid, reader.gid)
  renameSync(draft, file)
}

function report(what, file) {
  process.stdout.write(`${what} ${file}\n`)
}
