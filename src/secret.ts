import { inspect } from 'node:util'

/** A value that no log, error or serializer prints: it shows as `[secret]` until `expose()` is called. */
export interface Secret {
  /** The value itself; call it at the last moment, where it is put on the wire. */
  expose(): string
  toString(): string
  toJSON(): string
}

const MASK = '[secret]'

export function createSecret(value: string): Secret {
  const mask = () => MASK
  return Object.freeze({
    expose: () => value,
    toString: mask,
    toJSON: mask,
    [inspect.custom]: mask,
  })
}
