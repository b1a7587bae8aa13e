import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  checkDockerfile,
  checkDockerignore,
  parseDockerfile,
} from '../../../../scripts/supply-chain/check-dockerfile.ts'

const DOCKERFILE = readFileSync('Dockerfile', 'utf8')

/** Our own file with one thing changed, and what must then be said. */
const CHANGES: readonly (readonly [from: string | RegExp, to: string, mistake: RegExp])[] = [
  [/^USER .*$/m, 'USER root', /USER root/],
  [/^USER .*$/m, 'USER 0:0', /USER 0:0/],
  [/^USER .*$/m, 'USER node', /USER node/],
  [/^USER .*$/m, '', /USER root/],
  [/^USER (.*)$/m, 'USER $1\nUSER 0', /USER 0/],
  [' --ignore-scripts', '', /runs the scripts/],
  ['npm ci', 'npm install', /only npm ci/],
  [/^FROM \S+$/m, 'FROM node:latest', /node:latest is not pinned/],
  [/^FROM \S+$/m, 'FROM node', /node is not pinned/],
  [/^FROM \S+$/m, '', /one stage only/],
  ['COPY --from=build', 'COPY', /files of the build stage only/],
  ['COPY --from=build', 'COPY --from=evil/image:1', /files of the build stage only/],
  ['ENV NODE_ENV', 'ENV KEYCLOAK_CLIENT_SECRET', /a layer keeps it/],
  ['ENV NODE_ENV', 'ARG NPM_TOKEN\nENV NODE_ENV', /a layer keeps it/],
  [/^ENTRYPOINT .*$/m, 'ENTRYPOINT node /app/scopelift.mjs', /by a shell/],
  [/^HEALTHCHECK .*$/m, '', /HEALTHCHECK is missing/],
  ['WORKDIR /app', 'WORKDIR /app\nRUN apt-get install -y curl', /no package tool/],
  ['WORKDIR /app', 'WORKDIR /app\nRUN chmod u+s /bin/x', /setuid/],
  ['WORKDIR /app', 'WORKDIR /app\nRUN chmod 4755 /bin/x', /setuid/],
  ['WORKDIR /app', 'WORKDIR /app\nADD https://x.example/y /y', /ADD fetches/],
]

t.test('the project’s own Dockerfile is in order', async (t) => {
  t.same(checkDockerfile(DOCKERFILE), [])
})

for (const [from, to, mistake] of CHANGES) {
  t.test(`a Dockerfile is refused: ${to.split('\n').at(-1) || `without ${from}`}`, async (t) => {
    const changed = DOCKERFILE.replace(from, to)
    t.not(changed, DOCKERFILE)
    t.match(checkDockerfile(changed).join('\n'), mistake)
  })
}

t.test('continued lines are one step, and comments are none', async (t) => {
  const [stage] = parseDockerfile('# x\nFROM a:1 AS b\nRUN one \\\n  # inside\n  two\n')
  t.match(stage, { image: 'a:1', name: 'b', steps: [{ keyword: 'RUN' }] })
  t.equal(stage?.steps.length, 1)
})

t.test('.dockerignore must deny first, and never let in a .env', async (t) => {
  t.same(checkDockerignore(readFileSync('.dockerignore', 'utf8')), [])
  t.equal(checkDockerignore('node_modules\n').length, 1)
  t.equal(checkDockerignore('*\n!.env\n').length, 1)
  t.equal(checkDockerignore('*\n!.git\n').length, 1)
  t.equal(checkDockerignore('*\n!*\n').length, 1)
})
