import { LRUCache } from 'lru-cache'
import type { SubjectToken } from '../subject-token.ts'

/**
 * What denials have taught about one token: the scopes that a method and exact path want. It makes the next call go
 * out with an issued token at once, and never elevates another method or path.
 */
export interface Learning {
  recall(subject: SubjectToken, method: string, path: string): readonly string[] | undefined
  /** `false`: the scopes are too long to be kept. */
  remember(subject: SubjectToken, method: string, path: string, scopes: readonly string[]): boolean
  forget(subject: SubjectToken, method: string, path: string): void
}

const MAX_PATH_CHARACTERS = 512
const MAX_SCOPE_CHARACTERS = 1_024
const MAX_ROUTES_PER_TOKEN = 64
const MAX_CHARACTERS_IN_ALL = 8_388_608

/** Bounded by `maxTokens`, 64 routes a token and 8 Mi characters in all, least recently used out first; a token's lessons end with the token. */
export function createLearning(options: {
  readonly maxTokens: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}): Learning {
  const lessons = new LRUCache<string, Lessons>({
    max: options.maxTokens,
    maxSize: MAX_CHARACTERS_IN_ALL,
    sizeCalculation: (routes) => routes.calculatedSize + 1,
  })

  function isLive(subject: SubjectToken): boolean {
    const exp = subject.claims?.exp
    return exp === undefined || exp * 1000 > options.now()
  }

  return {
    recall(subject, method, path) {
      const routes = lessons.get(subject.digest)
      if (routes === undefined) return undefined
      if (isLive(subject)) return routes.get(routeKey(method, path))
      lessons.delete(subject.digest)
      return undefined
    },
    remember(subject, method, path, scopes) {
      if (scopes.join(' ').length > MAX_SCOPE_CHARACTERS) return false
      if (path.length > MAX_PATH_CHARACTERS || !isLive(subject)) return true
      const routes = lessons.get(subject.digest) ?? createLessons()
      routes.set(routeKey(method, path), scopes)
      lessons.delete(subject.digest)
      lessons.set(subject.digest, routes)
      return true
    },
    forget(subject, method, path) {
      lessons.get(subject.digest)?.delete(routeKey(method, path))
    },
  }
}

type Lessons = LRUCache<string, readonly string[]>

function createLessons(): Lessons {
  return new LRUCache({
    max: MAX_ROUTES_PER_TOKEN,
    maxSize: MAX_ROUTES_PER_TOKEN * (MAX_PATH_CHARACTERS + MAX_SCOPE_CHARACTERS + 32),
    sizeCalculation: (scopes, key) => key.length + scopes.join(' ').length,
  })
}

// A method has no space in it, so the key is unambiguous.
function routeKey(method: string, path: string): string {
  return `${method} ${path}`
}
