import { setImmediate as turn } from 'node:timers/promises'
import { until } from '../clock.ts'

/** A request of the offer: its number, from 0, and when it is due by `machineMs`. */
export type Due = { readonly sequence: number; readonly dueMs: number }

export type OpenLoop = {
  readonly beginMs: number
  /** After the beginning, in order. */
  readonly dueTimesMs: Iterable<number>
  /** A request that is due while so many wait for their answers is not sent. */
  readonly maxInFlight: number
  /** Sends the request. It resolves when it is answered or has failed, within a time of its own, and never rejects. */
  readonly send: (due: Due) => Promise<void>
  readonly onNotSent: (due: Due) => void
  /** Ends the loop early; what was sent is awaited nevertheless. */
  readonly signal: AbortSignal
}

/** So often a loop that is behind lets answers in between its requests. */
const REQUESTS_A_TURN = 32

/**
 * Sends each request when it is due, whatever became of those before it: a server that stalls gets the requests of that time
 * nevertheless, and their latencies, counted from when they were due, tell of the stall. A loop that waits for an answer
 * before its next request would send one of them and leave the others out of its figures (coordinated omission).
 *
 * @returns when everything that was sent is answered or has failed.
 */
export async function openLoop(loop: OpenLoop): Promise<void> {
  const inFlight = new Set<Promise<void>>()
  let sequence = 0
  for (const offsetMs of loop.dueTimesMs) {
    const due = { sequence, dueMs: loop.beginMs + offsetMs }
    sequence += 1
    await until(due.dueMs, loop.signal)
    if (sequence % REQUESTS_A_TURN === 0) await turn()
    if (loop.signal.aborted) break
    if (inFlight.size >= loop.maxInFlight) {
      loop.onNotSent(due)
      continue
    }
    const sending = loop.send(due).finally(() => inFlight.delete(sending))
    inFlight.add(sending)
  }
  await Promise.all(inFlight)
}
