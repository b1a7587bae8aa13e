import { hasCharacter, isWordCharacter } from './regex-characters.ts'
import type { Instruction, RegexProgram } from './regex-program.ts'
import type { Assertion } from './regex-syntax.ts'

/**
 * Python's `re.match`: anchored at the start only. All ways are walked at once (Thompson 1968),
 * so the time is at most instructions × characters, whatever the expression.
 */
export function matchesStart({ instructions, start }: RegexProgram, text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0)
  let current: readonly number[] = [start]
  for (let at = 0; at <= codes.length; at += 1) {
    const reached = closure(instructions, current, codes, at)
    if (reached === 'accepted') return true
    const code = codes[at]
    if (code === undefined || reached.length === 0) return false
    current = afterCharacter(reached, code)
  }
  return false
}

type SetInstruction = Extract<Instruction, { kind: 'set' }>

/** The sets that wait for the next character, once everything that takes none has been walked. */
function closure(
  instructions: readonly Instruction[],
  starts: readonly number[],
  codes: readonly number[],
  at: number,
): readonly SetInstruction[] | 'accepted' {
  const waiting: SetInstruction[] = []
  const seen = new Set<number>(starts)
  // A set yields what is added to it while it is walked.
  for (const place of seen) {
    const instruction = instructions[place]
    switch (instruction?.kind) {
      case 'accept':
        return 'accepted'
      case 'set':
        waiting.push(instruction)
        break
      case 'fork':
        for (const next of instruction.next) seen.add(next)
        break
      case 'assertion':
        if (holds(instruction.assertion, codes, at)) seen.add(instruction.next)
        break
    }
  }
  return waiting
}

function afterCharacter(waiting: readonly SetInstruction[], code: number): readonly number[] {
  const next: number[] = []
  for (const instruction of waiting) {
    if (hasCharacter(instruction.set, code)) next.push(instruction.next)
  }
  return next
}

function holds(assertion: Assertion, codes: readonly number[], at: number): boolean {
  switch (assertion) {
    case 'start':
      return at === 0
    case 'end':
      return at === codes.length
    case 'end-or-newline':
      return at === codes.length || (at === codes.length - 1 && codes[at] === 0x0a)
    case 'boundary':
      return isBoundary(codes, at)
    case 'no-boundary':
      return !isBoundary(codes, at)
  }
}

function isBoundary(codes: readonly number[], at: number): boolean {
  return isWordCharacter(codes[at - 1] ?? 0) !== isWordCharacter(codes[at] ?? 0)
}
