import { setTimeout as delay } from 'node:timers/promises'

/**
 * Milliseconds of the machine's monotonic clock. It is the same in every process of a machine and is never set, so one
 * process may say when a request was due and another one how long ago that was.
 */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Waits until a moment of `machineMs`, or for the abort. Timers are late by up to a millisecond or two. */
export async function until(moment: number, signal: AbortSignal): Promise<void> {
  for (let left = moment - machineMs(); left > 0 && !signal.aborted; left = moment - machineMs()) {
    await delay(left, undefined, { signal }).catch(() => undefined)
  }
}
