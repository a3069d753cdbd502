import { type Sent, windowOf } from './due.ts'
import type { Told } from './found.ts'

/** A window that has fewer payments than it must have. */
export type Gap = {
  /** Milliseconds since 1970. */
  readonly windowStart: number
  readonly currency: string
  readonly missing: number
  readonly due: number
}

/**
 * Payments that are in neither the windows nor the late output, by window and currency. Whatever rule a job has for late
 * rows: each payment with a record that is not in the late output must be counted in its window.
 */
export function neitherIn(sent: readonly Sent[], { windows, late }: Told): readonly Gap[] {
  const aside = new Set(late.map((row) => placeOf(row.kafkaPartition, row.kafkaOffset)))
  const due = new Map<string, Set<string>>()
  for (const { partition, offset, event } of sent) {
    if (event.captured === null || aside.has(placeOf(partition, offset))) continue
    const name = `${windowOf(event)} ${event.captured.currency}`
    due.set(name, (due.get(name) ?? new Set()).add(event.eventId))
  }
  const counted = new Map<string, number>()
  for (const { windowStart, currency, deltaPayments } of windows) {
    const name = `${windowStart} ${currency}`
    counted.set(name, (counted.get(name) ?? 0) + Number(deltaPayments))
  }
  return [...due].flatMap(([name, events]) => {
    const missing = events.size - (counted.get(name) ?? 0)
    const [windowStart, currency = ''] = name.split(' ')
    return missing > 0
      ? [{ windowStart: Number(windowStart), currency, missing, due: events.size }]
      : []
  })
}

const placeOf = (partition: number, offset: bigint): string => `${partition}-${offset}`

const LONGEST_LIST = 4

/** For people: how many are lost, and in which windows; empty when none is lost. */
export function neitherLines(gaps: readonly Gap[], captured: number): readonly string[] {
  if (gaps.length === 0) return []
  const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0)
  const worst = gaps.toSorted((one, other) => other.missing - one.missing).slice(0, LONGEST_LIST)
  return [
    `BROKEN   lost: ${missing} of ${captured} payments are in neither window nor late output, in ${gaps.length} windows`,
    ...worst.map(
      ({ windowStart, currency, missing, due }) =>
        `         ${new Date(windowStart).toISOString().slice(0, 16)} ${currency}: ${missing} of ${due} are missing`,
    ),
  ]
}
