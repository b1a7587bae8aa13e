import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Teardown } from './demo-servers.ts'

export interface TestFolder {
  /** Where the file of that name is. */
  path(name: string): string
  /** Writes files one after another, each atomically. */
  write(files: Readonly<Record<string, string>>): void
  /** Puts all files in place at once, as Kubernetes does it: by a link to another folder. */
  swap(files: Readonly<Record<string, string>>): void
  remove(name: string): void
}

/** A folder of its own that goes away with the test. */
export function createFolder(t: Teardown): TestFolder {
  const folder = mkdtempSync(join(tmpdir(), 'scopelift-files-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  let version = 0
  const path = (name: string) => join(folder, name)
  return {
    path,
    write(files) {
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(path(`${name}.new`), text)
        renameSync(path(`${name}.new`), path(name))
      }
    },
    swap(files) {
      version += 1
      const data = `..v${version}`
      mkdirSync(path(data))
      for (const [name, text] of Object.entries(files)) writeFileSync(path(join(data, name)), text)
      symlinkSync(data, path('..data.new'))
      renameSync(path('..data.new'), path('..data'))
      if (version > 1) return
      for (const name of Object.keys(files)) symlinkSync(join('..data', name), path(name))
    },
    remove: (name) => rmSync(path(name)),
  }
}
