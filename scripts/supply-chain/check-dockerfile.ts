export interface Stage {
  readonly image: string
  /** Of `AS`, else the stage's number. */
  readonly name: string
  readonly steps: readonly Step[]
}

export interface Step {
  /** In capitals. */
  readonly keyword: string
  readonly argument: string
}

/** The stages of a Dockerfile: comments left out, continued lines joined. Here-documents are not known. */
export function parseDockerfile(text: string): readonly Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
  const stages: { image: string; name: string; steps: Step[] }[] = []
  for (const line of lines) {
    const [, keyword = '', argument = ''] = /^\s*(\w+)\s+(.*\S)\s*$/.exec(line) ?? []
    if (keyword.toUpperCase() === 'FROM') {
      const [image = '', , name = String(stages.length)] = argument
        .replace(/^--\S+\s+/, '')
        .split(/\s+/)
      stages.push({ image, name, steps: [] })
    } else if (keyword !== '')
      stages.at(-1)?.steps.push({ keyword: keyword.toUpperCase(), argument })
  }
  return stages
}

const TOOLS = /\b(?:npm|npx|yarn|pnpm|apt|apt-get|apk|curl|wget|pip)\b/
const SECRET_NAME = /SECRET|TOKEN|PASSWORD|CREDENTIAL/i
const UNSAFE_MODE = /chmod\s+(?:[ugoa]*\+\w*s|[2467]\d{3})/

/** What is wrong with how the image is built, in sentences. */
export function checkDockerfile(text: string): readonly string[] {
  const stages = parseDockerfile(text)
  const last = stages.at(-1)
  if (last === undefined) return ['it has no stage']
  const mistakes: string[] = []
  const demand = (isMet: boolean, mistake: string) => void (isMet || mistakes.push(mistake))
  demand(stages.length >= 2, 'it has one stage only: tools and sources stay in the image')
  const earlier = stages.slice(0, -1).map(({ name }) => name)
  for (const { image } of stages) {
    demand(
      earlier.includes(image) || (/:[\w.-]+|@sha256:/.test(image) && !image.endsWith(':latest')),
      `${image} is not pinned to a version`,
    )
  }
  const all = stages.flatMap(({ steps }) => steps)
  demand(!all.some(({ keyword }) => keyword === 'ADD'), 'ADD fetches and unpacks: use COPY')
  for (const { keyword, argument } of all) {
    const isNaming = keyword === 'ENV' || keyword === 'ARG'
    demand(!isNaming || !SECRET_NAME.test(argument), `${keyword} ${argument}: a layer keeps it`)
    if (keyword !== 'RUN') continue
    demand(!/\bnpm (?:i|install|add)\b/.test(argument), `${argument}: only npm ci obeys the lock`)
    demand(
      !/\bnpm ci\b/.test(argument) || argument.includes('--ignore-scripts'),
      'npm ci runs the scripts of packages: --ignore-scripts',
    )
    demand(!UNSAFE_MODE.test(argument), `${argument}: sets a setuid or setgid bit`)
  }
  return [...mistakes, ...checkFinalStage(last, earlier)]
}

function checkFinalStage({ steps }: Stage, earlier: readonly string[]): readonly string[] {
  const of = (wanted: string) => steps.filter(({ keyword }) => keyword === wanted)
  const mistakes: string[] = []
  for (const { argument } of of('COPY')) {
    const from = /^--from=(\S+)/.exec(argument)?.[1]
    if (from === undefined || !earlier.includes(from)) {
      mistakes.push(`COPY ${argument}: the image takes files of the build stage only`)
    }
  }
  for (const { argument } of of('RUN')) {
    if (TOOLS.test(argument)) mistakes.push(`RUN ${argument}: no package tool in the image`)
  }
  const user = of('USER').at(-1)?.argument ?? 'root'
  if (!/^[1-9]\d*:[1-9]\d*$/.test(user)) {
    mistakes.push(`USER ${user}: must be numbers other than 0, for user and group`)
  }
  if (!of('ENTRYPOINT').at(-1)?.argument.startsWith('['))
    mistakes.push('ENTRYPOINT goes by a shell')
  if (!/CMD \[/.test(of('HEALTHCHECK').at(-1)?.argument ?? '')) {
    mistakes.push('HEALTHCHECK is missing, or goes by a shell')
  }
  return mistakes
}

/** Deny first, then name what the build needs: a `.env` must not reach the builder. */
export function checkDockerignore(text: string): readonly string[] {
  const [first, ...rest] = text.split('\n').filter((line) => line.trim() !== '' && line[0] !== '#')
  const invited = rest.filter((line) => /^!(?:\.env|\.git|node_modules|\*|\.$)/.test(line))
  return [
    ...(first === '*' ? [] : ['the first pattern is not *']),
    ...invited.map((line) => `${line} lets in what an image must not hold`),
  ]
}
