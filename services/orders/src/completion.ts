import { openHistogram } from '@tenseams/telemetry/instruments'
import { version } from 'uuid'

type Registry = Parameters<typeof openHistogram>[0]

/**
 * Observes how long an order took, from its id and the time of its completion. Called once for each completed order, and never
 * again for a redelivered dispatch, so that nothing counts twice after a crash; a crash right after the append loses one.
 */
export function observeCompletions(metrics: Registry) {
  const durations = openHistogram(metrics, 'tenseams_order_completion_seconds')
  return (orderId: string, completedAtMs: number): void => {
    const placedAtMs = placedAtMsOf(orderId)
    if (placedAtMs !== undefined) durations.observe(Math.max(0, completedAtMs - placedAtMs) / 1_000)
  }
}

/** An order's id is made when it is placed, as a UUID of version 7, which begins with the time. Undefined for any other. */
export function placedAtMsOf(orderId: string): number | undefined {
  if (version(orderId) !== 7) return undefined
  return Number.parseInt(orderId.replaceAll('-', '').slice(0, 12), 16)
}
