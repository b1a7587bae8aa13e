import type { buildConnector } from 'undici'

/** Whether a peer can be connected to, TLS included; it is asked for nothing. Otherwise the reason, in a word. */
export function probeConnection(
  url: URL,
  connect: buildConnector.connector,
): Promise<string | undefined> {
  const { protocol, hostname, host, port } = url
  return new Promise((resolve) => {
    connect({ protocol, hostname, host, port }, (error, socket) => {
      socket?.destroy()
      if (error === null) resolve(undefined)
      else resolve('code' in error ? String(error.code) : error.name)
    })
  })
}
