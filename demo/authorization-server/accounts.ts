import { randomUUID } from 'node:crypto'
import type { Realm, RoleKey, User } from './realm.ts'

/** What an administrator may change while the server runs, and the sessions that users have. */
export interface Accounts {
  find(username: string): User | undefined
  findById(id: string): User | undefined
  isEnabled(user: User): boolean
  rolesOf(user: User): readonly RoleKey[]
  /** Opens a session and returns its `sid`. */
  logIn(user: User): string
  isSessionAlive(sid: string): boolean
  disable(username: string): void
  enable(username: string): void
  grantRole(username: string, role: RoleKey): void
  revokeRole(username: string, role: RoleKey): void
  /** Ends all sessions of the user: every token that carries their `sid` is dead. */
  logOut(username: string): void
}

const MAX_SESSIONS = 100_000

export function createAccounts(realm: Realm): Accounts {
  const enabled = new Set<string>()
  const roles = new Map<string, Set<RoleKey>>()
  const sessions = new Map<string, string>()
  for (const user of realm.users.values()) {
    if (user.isEnabled) enabled.add(user.username)
    roles.set(user.username, new Set(user.roles))
  }

  const rolesFor = (username: string) => {
    const held = roles.get(username)
    if (held === undefined) throw new RangeError(`the realm has no user "${username}"`)
    return held
  }

  return {
    find: (username) => realm.users.get(username),
    findById: (id) => [...realm.users.values()].find((user) => user.id === id),
    isEnabled: (user) => enabled.has(user.username),
    rolesOf: (user) => [...rolesFor(user.username)],
    logIn(user) {
      const sid = randomUUID()
      const [oldest] = sessions.keys()
      if (sessions.size >= MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest)
      sessions.set(sid, user.username)
      return sid
    },
    isSessionAlive: (sid) => sessions.has(sid),
    disable: (username) => void enabled.delete(username),
    enable: (username) => void enabled.add(username),
    grantRole: (username, role) => void rolesFor(username).add(role),
    revokeRole: (username, role) => void rolesFor(username).delete(role),
    logOut(username) {
      for (const [sid, owner] of sessions) if (owner === username) sessions.delete(sid)
    },
  }
}
