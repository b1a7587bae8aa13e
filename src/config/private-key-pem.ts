import type { KeyObject } from 'node:crypto'
import { createPrivateKey } from 'node:crypto'

/** The one private key in a PEM text, without a passphrase; a string says what is wrong, and holds nothing of it. */
export function parsePrivateKeyPem(text: string, notAKey: string): KeyObject | string {
  const labels = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map(([, label = '']) => label)
  const own = labels.filter((label) => label.endsWith('PRIVATE KEY'))
  if (own.length > 1) return 'holds more than one private key'
  const [label] = own
  if (label === undefined) {
    if (labels.some((one) => one.endsWith('PUBLIC KEY'))) return PUBLIC_KEY
    if (labels.includes('CERTIFICATE')) return 'is a certificate: its private key is needed'
    return notAKey
  }
  if (label.startsWith('ENCRYPTED') || /Proc-Type:.*ENCRYPTED/.test(text)) {
    return 'is encrypted: it must be a private key without a passphrase'
  }
  return (
    tryCreateKey(() => createPrivateKey({ key: text, format: 'pem' })) ??
    'holds a private key that cannot be read'
  )
}

export const PUBLIC_KEY = 'is a public key: the private key that belongs to it is needed'

/** Node's error could tell of the key. */
export function tryCreateKey(create: () => KeyObject): KeyObject | undefined {
  try {
    return create()
  } catch {
    return undefined
  }
}
