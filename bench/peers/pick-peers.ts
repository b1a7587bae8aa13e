import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseJsonObject } from '../../src/json-object.ts'
import { PRODUCT } from '../machine/build-product.ts'
import { findInstalledPeers } from './installed-peers.ts'
import { CEILING, createNodePeers, PLAIN } from './node-peers.ts'
import type { MissingPeer, Peer } from './peer.ts'
import { createScopelift } from './scopelift.ts'

export const SCOPELIFT = 'scopelift'

/** Whom the ratios need is always there; of the others those that are asked for and installed. */
const ALWAYS = [SCOPELIFT, PLAIN, CEILING]

export function pickPeers(options: {
  readonly peers: readonly string[] | undefined
  readonly beside: string | undefined
}): { readonly peers: readonly Peer[]; readonly missing: readonly MissingPeer[] } {
  const isWanted = ({ name }: { readonly name: string }) =>
    options.peers === undefined || [...ALWAYS, ...options.peers].includes(name)
  const besides =
    options.beside === undefined
      ? []
      : [createScopelift('scopelift beside', resolve(options.beside), options.beside)]
  const installed = findInstalledPeers()
  return {
    peers: [
      createScopelift(SCOPELIFT, PRODUCT, versionOf('package.json')),
      ...besides,
      ...createNodePeers(versionOf('node_modules/@fastify/http-proxy/package.json')).filter(
        isWanted,
      ),
      ...installed.peers.filter(isWanted),
    ],
    missing: installed.missing.filter(isWanted),
  }
}

function versionOf(file: string): string {
  const path = new URL(`../../${file}`, import.meta.url)
  return String(parseJsonObject(readFileSync(path, 'utf8'))?.['version'])
}
