import { isSecretSetting, isSettingName, listSettings } from './settings-schema.ts'

/** Warnings for variables that are not ours but look as if they were meant to be: they would be ignored in silence. */
export function findMisspelled(names: Iterable<string>): readonly string[] {
  const warnings: string[] = []
  for (const name of names) {
    if (isSettingName(name) || isSecretFile(name)) continue
    const base = name.replace(/_FILE$/, '')
    if (base !== name && isSettingName(base)) {
      warnings.push(`${name} is not read: only secrets can come from a file`)
      continue
    }
    const meant = KNOWN_NAMES.find((known) => isNear(name.toUpperCase(), known))
    if (meant !== undefined) warnings.push(`${name} is not a setting; did you mean ${meant}?`)
    else if (OUR_PREFIX.test(name) && !FOREIGN.test(name)) {
      warnings.push(`${name} is not a setting: see --help for those that are`)
    }
  }
  return warnings
}

const OUR_PREFIX = /^(KEYCLOAK|UPSTREAM)_/
/** What Kubernetes, compose files and Keycloak's own image call so. */
const FOREIGN = /^[A-Z]+_(PORT|SERVICE|ADMIN)(_|$)/

// Short names (HOST, PORT, CA_FILE) are near to too many variables of other programs.
const MIN_LENGTH = 8
const MAX_DISTANCE = 2

const KNOWN_NAMES = listSettings()
  .flatMap(([name]) => (isSecretSetting(name) ? [name, `${name}_FILE`] : [name]))
  .filter((name) => name.length >= MIN_LENGTH)

function isSecretFile(name: string): boolean {
  return name.endsWith('_FILE') && isSecretSetting(name.slice(0, -'_FILE'.length))
}

function isNear(name: string, known: string): boolean {
  const [one, other] = [toSingular(name), toSingular(known)]
  return (
    Math.abs(one.length - other.length) <= MAX_DISTANCE &&
    measureDistance(one, other) <= MAX_DISTANCE
  )
}

/** From `-Y` to `-IES` is one slip, and would be three letters. */
function toSingular(name: string): string {
  return name.replace(/IES$/, 'Y')
}

/** Levenshtein's edit distance, row by row. */
function measureDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const substitution = at(row, j - 1) + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, at(row, j) + 1, at(next, j - 1) + 1))
    }
    row = next
  }
  return at(row, right.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
