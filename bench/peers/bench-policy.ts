import { SCOPE } from '../upstream/answers.ts'

/** As many routes as are asked for; the first two are those that are measured. */
export function benchPolicy(routes: number): string {
  const measured = [
    route('/guarded/policy', 'preempt: true'),
    // Whose route says so is not taught: each call is denied first.
    route('/guarded/denied', 'preempt: false'),
  ]
  const others = Array.from({ length: Math.max(0, routes - measured.length) }, (_, i) =>
    route(`/free/resource-${i}/:id/items`, 'preempt: true'),
  )
  return `routes:\n${[...measured, ...others].slice(0, routes).join('')}`
}

function route(path: string, preempt: string): string {
  return `  - match: { path: ${path} }\n    scopes: [${SCOPE}]\n    ${preempt}\n`
}
