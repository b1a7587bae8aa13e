import type { LockFile } from './lock-file.ts'
import { runtimePackages } from './lock-file.ts'

/** Licences that ask for no more than their text and a copyright line. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
])

export function checkLicences(lock: LockFile): readonly string[] {
  return runtimePackages(lock)
    .filter(({ license }) => license === undefined || !isPermissive(license))
    .map(({ path, license }) => `${path}: ${license ?? 'no licence'} is not on the list`)
}

/** SPDX: AND binds more tightly than OR. Parentheses inside and WITH are not judged: a human looks then. */
export function isPermissive(expression: string): boolean {
  const inner = expression.replace(/^\((.*)\)$/, '$1')
  return inner
    .split(/ OR /i)
    .some((choice) => choice.split(/ AND /i).every((id) => PERMISSIVE.has(id.trim())))
}
