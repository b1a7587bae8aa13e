import type { RawHeaders } from './hint.ts'

/** The values of all field lines of that name (given in lower case), in wire order, each by itself. */
export function fieldValues(headers: RawHeaders, name: string): readonly string[] {
  return headers.filter((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name)
}
