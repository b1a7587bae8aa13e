import * as tls from 'node:tls'

export interface NodeTls {
  readonly rootCertificates: readonly string[]
  /** Node 22.15, 23.10 and newer. */
  readonly getCACertificates?: ((type: 'default') => readonly string[]) | undefined
}

/** Whom Node trusts where nothing is set. A list of our own takes the place of that, and so must hold it. */
export function defaultAuthorities(node: NodeTls = tls): readonly string[] {
  return node.getCACertificates?.('default') ?? node.rootCertificates
}

/** Whether NODE_EXTRA_CA_CERTS, and the system's store where Node is told to use it, are among them. */
export function knowsExtraAuthorities(node: NodeTls = tls): boolean {
  return node.getCACertificates !== undefined
}
