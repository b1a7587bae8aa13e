/** What is wrong right now, in words that name the remedy; `/readyz` shows it. */
export interface Problems {
  /** Sets or replaces the problem of that id, e.g. `policy-file`, `keycloak-client`. */
  report(id: string, sentence: string): void
  resolve(id: string): void
  list(): readonly string[]
}

export function createProblems(): Problems {
  const sentences = new Map<string, string>()
  return {
    report: (id, sentence) => void sentences.set(id, sentence),
    resolve: (id) => void sentences.delete(id),
    list: () => [...sentences.values()],
  }
}
