import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { isJsonObject } from '../../src/json-object.ts'

/** A package of which the bundle holds code. */
export interface BundledPackage {
  readonly path: string
  readonly name: string
  readonly version: string
}

/** What esbuild takes into the bundle, by its own account; nothing is written. Options that choose files are those of the build. */
export async function bundledPackages(): Promise<readonly BundledPackage[]> {
  const { metafile } = await build({
    entryPoints: ['src/main.ts'],
    outfile: 'dist/scopelift.js',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    metafile: true,
    write: false,
  })
  const folders = packageFolders(Object.keys(metafile.inputs))
  return Promise.all(folders.map(describe))
}

/** What the finished bundle holds, by its source map. */
export async function packagesInSourceMap(path: string): Promise<readonly string[]> {
  const map: unknown = JSON.parse(await readFile(path, 'utf8'))
  const sources = isJsonObject(map) && Array.isArray(map['sources']) ? map['sources'] : []
  return packageFolders(sources.map((source) => String(source).replace(/^(?:\.\.\/)+/, '')))
}

const PACKAGE_FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/

function packageFolders(files: readonly string[]): readonly string[] {
  const folders = files.map((file) => PACKAGE_FOLDER.exec(file)?.[0])
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort()
}

async function describe(path: string): Promise<BundledPackage> {
  const manifest: unknown = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'))
  const { name, version } = isJsonObject(manifest) ? manifest : {}
  return { path, name: String(name), version: String(version) }
}
