import type { Goal } from '../goals/goal.ts'
import { renderTable } from './render-table.ts'

export function renderGoals(goals: readonly Goal[]): string {
  const rows = goals.map(({ what, wanted, measured, isMet }) => [
    what,
    wanted,
    measured,
    isMet ? 'yes' : 'no',
  ])
  return renderTable(['goal', 'wanted', 'measured', 'met'], rows, 4)
}
