import type { Teardown } from '../support/demo-servers.ts'
import type { KitUpstream } from './kit-upstream.ts'
import type { Lab } from './lab.ts'

/** One row of the table: a rule in words, and the checks that stand for it. */
export interface Line {
  readonly id: string
  readonly topic: string
  readonly rule: string
  readonly checks: readonly Check[]
}

export interface Group {
  readonly title: string
  readonly lines: readonly Line[]
}

/** What there is to test with; the more of it, the more checks can run. */
export interface Bench {
  /** The deployment under test, without a trailing slash. */
  readonly url: string
  /** A live bearer token of a caller. */
  readonly token: (() => Promise<string>) | undefined
  readonly adminUrl: string | undefined
  /** Where the target's own upstream is the kit's. */
  readonly upstream: KitUpstream | undefined
  /** Where the kit may start the real application as often as it likes. */
  readonly lab: Lab | undefined
}

/** A bench for one check, which takes down at its end what the check has started. */
export type At<More = unknown> = Pick<Bench, 'url'> & Teardown & More

export interface Check {
  readonly name: string
  /** `undefined`: cannot be tested with this bench. */
  prepare(bench: Bench, t: Teardown): (() => Promise<void>) | undefined
}

type Run<More> = (at: At<More>) => Promise<void>

/** A check that needs a target and nothing else. */
export function atTarget(name: string, run: Run<unknown>): Check {
  return {
    name,
    prepare:
      ({ url }, t) =>
      () =>
        run({ url, ...onlyTeardown(t) }),
  }
}

/** A check that watches for calls to a host of the kit: a target elsewhere could not reach it, and would pass for nothing. */
export function atLocalTarget(name: string, run: Run<unknown>): Check {
  return {
    name,
    prepare: ({ url }, t) => (isLocal(url) ? () => run({ url, ...onlyTeardown(t) }) : undefined),
  }
}

export function withToken(name: string, run: Run<{ readonly token: string }>): Check {
  return {
    name,
    prepare: ({ url, token }, t) =>
      token && (async () => run({ url, token: await token(), ...onlyTeardown(t) })),
  }
}

export function withAdmin(name: string, run: Run<{ readonly adminUrl: string }>): Check {
  return {
    name,
    prepare: ({ url, adminUrl }, t) =>
      adminUrl === undefined ? undefined : () => run({ url, adminUrl, ...onlyTeardown(t) }),
  }
}

export function withUpstream(name: string, run: Run<{ readonly upstream: KitUpstream }>): Check {
  return {
    name,
    prepare: ({ url, upstream }, t) =>
      upstream && (() => run({ url, upstream, ...onlyTeardown(t) })),
  }
}

/** A check that starts the application with settings of its own. */
export function inLab(name: string, run: (lab: Lab & Teardown) => Promise<void>): Check {
  return {
    name,
    prepare: ({ lab }, t) => lab && (() => run({ ...lab, ...onlyTeardown(t) })),
  }
}

function onlyTeardown(t: Teardown): Teardown {
  return { teardown: (close) => t.teardown(close) }
}

function isLocal(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname)
}
