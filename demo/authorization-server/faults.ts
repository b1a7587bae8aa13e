/** How an endpoint is made to fail on purpose. */
export type Fault = NetworkFault | TokenFault

type NetworkFault =
  /** Answers rightly, but only after this time. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Takes the request and never answers. */
  | { readonly kind: 'stall' }
  /** Cuts the connection without an answer. */
  | { readonly kind: 'reset' }
  /** Cuts the connection in the middle of the body. */
  | { readonly kind: 'truncate' }
  /** Any other answer: 429, 5xx, a redirect (`headers.location`), JSON that does not parse… */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** A 200 whose JSON body is this long. */
  | { readonly kind: 'huge-body'; readonly bytes: number }

/** Only where a token is issued. */
export type TokenFault =
  /** Grants all but these, silently, in token and answer. */
  | { readonly kind: 'drop-scopes'; readonly scopes: readonly string[] }
  /** Lies about `sub`, `iss`, `aud`, `exp`, `scope`…; `undefined` leaves the claim out. */
  | { readonly kind: 'claims'; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly kind: 'bad-signature' }
  /** Lies in the answer beside the token: `scope`, `expires_in`, `token_type`…; `undefined` leaves the field out. */
  | { readonly kind: 'answer-fields'; readonly fields: Readonly<Record<string, unknown>> }

/** `exchange` is the token endpoint when it is asked for an exchange, `token` when it is asked for any other grant. */
export const ENDPOINTS = ['exchange', 'token', 'certs', 'discovery'] as const

export type Endpoint = (typeof ENDPOINTS)[number]

export interface Faults {
  /** The next request there fails so; called twice, the next two do, in that order. */
  next(fault: Fault, on?: Endpoint): void
  /** Every request there fails so, until `clear()`; what `next` named goes first. */
  always(fault: Fault, on?: Endpoint): void
  clear(): void
}

export interface FaultQueue extends Faults {
  take(endpoint: Endpoint): Fault | undefined
}

export function createFaults(): FaultQueue {
  const queued = new Map<Endpoint, Fault[]>()
  const standing = new Map<Endpoint, Fault>()
  return {
    next(fault, on = 'exchange') {
      queued.set(on, [...(queued.get(on) ?? []), fault])
    },
    always(fault, on = 'exchange') {
      standing.set(on, fault)
    },
    clear() {
      queued.clear()
      standing.clear()
    },
    take: (endpoint) => queued.get(endpoint)?.shift() ?? standing.get(endpoint),
  }
}

export function isTokenFault(fault: Fault | undefined): fault is TokenFault {
  switch (fault?.kind) {
    case 'drop-scopes':
    case 'claims':
    case 'bad-signature':
    case 'answer-fields':
      return true
    default:
      return false
  }
}
