/** The port to listen on, and the origin behind it. */
export function readEnvironment(): { readonly port: number; readonly upstream: string } {
  return {
    port: Number(process.env['PORT']),
    upstream: process.env['UPSTREAM_URL'] ?? '',
  }
}
