import type { SubjectToken } from '../subject-token.ts'

type ReadToken = (authorization: string) => SubjectToken | undefined

interface Remembered {
  readonly authorization: string
  readonly subject: SubjectToken | undefined
}

/**
 * A reader that keeps with each connection what it read last: most carry one caller's token in every request, and comparing
 * a value costs a tenth of its digest. One entry a connection, which ends with it.
 */
export function createTokenMemory(
  read: ReadToken,
): (authorization: string, connection: object) => SubjectToken | undefined {
  const lastOf = new WeakMap<object, Remembered>()
  return (authorization, connection) => {
    const last = lastOf.get(connection)
    if (last?.authorization === authorization) return last.subject
    const subject = read(authorization)
    lastOf.set(connection, { authorization, subject })
    return subject
  }
}
