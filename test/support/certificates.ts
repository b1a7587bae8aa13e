import { generate } from 'selfsigned'

export interface TestCertificate {
  readonly key: string
  readonly cert: string
}

/** A certificate for 127.0.0.1 and localhost that only its own file vouches for. */
export async function createCertificate(): Promise<TestCertificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  return { key, cert }
}
