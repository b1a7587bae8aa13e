import { DEADLINE } from './keycloak-request.ts'
import { ABORTED, untilAborted } from './until-aborted.ts'

/** `isCurrent`: no newer flight has taken this one's place, so what it brings may be stored. */
export type Begin<T> = (signal: AbortSignal, isCurrent: () => boolean) => Promise<T>

export interface SingleFlight<T> {
  /** Joins the flight of that key, or begins one. `ABORTED`: this waiter has left. */
  join(key: string, waiter: AbortSignal, begin: Begin<T>): Promise<T | typeof ABORTED>
  /**
   * Like `join`, but never joins a flight begun before it, unless that one replaces the same thing;
   * `mayBegin` is asked only where a flight would have to begin.
   */
  replace(
    key: string,
    replaced: string,
    waiter: AbortSignal,
    begin: Begin<T>,
    mayBegin: () => boolean,
  ): Promise<T | typeof ABORTED> | undefined
}

interface Flight<T> {
  readonly replaced: string | undefined
  readonly controller: AbortController
  readonly result: Promise<T>
  waiters: number
}

/**
 * One flight per key for all who want the same. A flight owns its deadline (`timeoutMs`), is aborted when its last
 * waiter has left, and leaves the map in the tick in which it settles. Each has a waiter, so callers bound their number.
 */
export function createSingleFlight<T>({ timeoutMs }: { timeoutMs: number }): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>()

  const launch = (key: string, begin: Begin<T>, replaced?: string): Flight<T> => {
    const controller = new AbortController()
    const isCurrent = () => flights.get(key) === flight
    const fly = async () => {
      const timer = setTimeout(() => controller.abort(DEADLINE), timeoutMs)
      timer.unref()
      try {
        // The flight stands in the map before its first step.
        await Promise.resolve()
        return await begin(controller.signal, isCurrent)
      } finally {
        clearTimeout(timer)
        if (isCurrent()) flights.delete(key)
      }
    }
    const flight: Flight<T> = { replaced, controller, result: fly(), waiters: 0 }
    flights.set(key, flight)
    return flight
  }

  const board = async (key: string, flight: Flight<T>, waiter: AbortSignal) => {
    flight.waiters += 1
    const result = await untilAborted(flight.result, waiter)
    flight.waiters -= 1
    if (result === ABORTED && flight.waiters === 0) {
      if (flights.get(key) === flight) flights.delete(key)
      flight.controller.abort()
    }
    return result
  }

  return {
    async join(key, waiter, begin) {
      if (waiter.aborted) return ABORTED
      return board(key, flights.get(key) ?? launch(key, begin), waiter)
    },
    replace(key, replaced, waiter, begin, mayBegin) {
      if (waiter.aborted) return Promise.resolve(ABORTED)
      const flight = flights.get(key)
      if (flight?.replaced === replaced) return board(key, flight, waiter)
      return mayBegin() ? board(key, launch(key, begin, replaced), waiter) : undefined
    },
  }
}
