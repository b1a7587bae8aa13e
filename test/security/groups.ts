import { dependencies } from './advisories/dependencies.ts'
import {
  credentialOverrides,
  healthAgents,
  nominatedStripping,
  underscores,
} from './advisories/headers.ts'
import { redirectsAndCaches, splitMessages } from './advisories/messages.ts'
import { cacheKeys, queryMatching } from './advisories/policies.ts'
import { encodedDots, unverifiedTls } from './advisories/tls-and-urls.ts'
import type { Group } from './check.ts'
import { authorization } from './http/authorization.ts'
import { bodies } from './http/bodies.ts'
import { caches } from './http/caches.ts'
import { defaults } from './http/defaults.ts'
import { earlyDenial } from './http/early-denial.ts'
import { forwarded } from './http/forwarded.ts'
import { framing } from './http/framing.ts'
import { hopByHop } from './http/hop-by-hop.ts'
import { loops } from './http/loops.ts'
import { methods } from './http/methods.ts'
import { redirects } from './http/redirects.ts'
import { specialAnswers } from './http/special-answers.ts'
import { streams } from './http/streams.ts'
import { targets } from './http/targets.ts'
import { tls } from './http/tls.ts'
import { upgrades } from './http/upgrades.ts'
import { adminSurface } from './threats/admin-surface.ts'
import { bombs } from './threats/bombs.ts'
import { climbing } from './threats/climbing.ts'
import { confusedDeputy } from './threats/confused-deputy.ts'
import { crossUser } from './threats/cross-user.ts'
import { effects } from './threats/effects.ts'
import { evilUpstream } from './threats/evil-upstream.ts'
import { injection } from './threats/injection.ts'
import { leaks } from './threats/leaks.ts'
import { logInjection } from './threats/log-injection.ts'
import { memory } from './threats/memory.ts'
import { outage } from './threats/outage.ts'
import { requesterClient } from './threats/requester-client.ts'
import { revocation } from './threats/revocation.ts'
import { spoofedHints } from './threats/spoofed-hints.ts'
import { ssrf } from './threats/ssrf.ts'
import { stickyElevation } from './threats/sticky-elevation.ts'
import { storms } from './threats/storms.ts'
import { tunnelEnd } from './threats/tunnel-end.ts'

/** The whole table, in the order in which it is printed. */
export const GROUPS: readonly Group[] = [
  {
    title: 'HTTP rules',
    lines: [
      hopByHop,
      targets,
      methods,
      framing,
      authorization,
      bodies,
      earlyDenial,
      streams,
      specialAnswers,
      redirects,
      caches,
      forwarded,
      loops,
      tls,
      upgrades,
      defaults,
    ],
  },
  {
    title: 'Threats',
    lines: [
      climbing,
      evilUpstream,
      spoofedHints,
      bombs,
      injection,
      ssrf,
      leaks,
      crossUser,
      stickyElevation,
      revocation,
      confusedDeputy,
      storms,
      memory,
      outage,
      effects,
      adminSurface,
      logInjection,
      requesterClient,
      tunnelEnd,
    ],
  },
  {
    title: 'Advisories of this class',
    lines: [
      unverifiedTls,
      encodedDots,
      nominatedStripping,
      underscores,
      healthAgents,
      queryMatching,
      splitMessages,
      redirectsAndCaches,
      cacheKeys,
      credentialOverrides,
      dependencies,
    ],
  },
]
