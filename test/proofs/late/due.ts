import { aheadToleranceMs } from '@tenseams/contracts/generate/flink'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'

const DELAY_MS = 5_000
const WINDOW_MS = 60_000

/** A record of the topic as a reader of committed records gets it. */
export type Sent = {
  readonly partition: number
  readonly offset: bigint
  /** Its time in the log. */
  readonly loggedMs: number
  readonly event: PaymentEvent
}

/** Rows by their name, each with its content as text. */
export type Rows = ReadonlyMap<string, string>

export type Due = {
  /** By window and currency: payments and minor units. */
  readonly windows: Rows
  /** By partition and offset of the record: its event and the window that it missed. */
  readonly late: Rows
  /** Each event once, late or not, counted in its window. */
  readonly figures: Rows
  readonly counts: { readonly captured: number; readonly onTime: number; readonly late: number }
}

/**
 * The expected result, recomputed from the order of the records in each partition: a record is late when its time is not
 * after the newest clock of its partition minus the delay, or is too far ahead of the log; an event that is on time counts
 * once in its window.
 */
export function dueOf(records: readonly Sent[]): Due {
  const onTime = new Map<string, PaymentEvent>()
  const all = new Map<string, PaymentEvent>()
  const late = new Map<string, string>()
  const counts = { captured: 0, onTime: 0, late: 0 }
  for (const partition of Map.groupBy(records, (record) => record.partition).values()) {
    let newest = Number.NEGATIVE_INFINITY
    for (const { partition: at, offset, loggedMs, event } of inOrder(partition)) {
      const clock = clockOf(event.occurredAt, loggedMs)
      newest = Math.max(newest, clock ?? newest)
      if (event.captured === null) continue
      counts.captured += 1
      all.set(event.eventId, event)
      if (clock !== undefined && event.occurredAt > newest - DELAY_MS) {
        counts.onTime += 1
        onTime.set(event.eventId, event)
        continue
      }
      counts.late += 1
      late.set(`${at}-${offset}`, `${event.eventId} of ${windowOf(event)}`)
    }
  }
  return { windows: sums(onTime), late, figures: sums(all), counts }
}

/** By how much a record advances its partition: never beyond the log; not at all when it is dated too far ahead of it. */
function clockOf(occurredAt: number, loggedMs: number): number | undefined {
  return occurredAt > loggedMs + aheadToleranceMs ? undefined : Math.min(occurredAt, loggedMs)
}

const inOrder = (records: readonly Sent[]) =>
  records.toSorted((one, other) => (one.offset < other.offset ? -1 : 1))

export const windowOf = ({ occurredAt }: { readonly occurredAt: number }): number =>
  Math.floor(occurredAt / WINDOW_MS) * WINDOW_MS

function sums(events: ReadonlyMap<string, PaymentEvent>): Rows {
  const groups = Map.groupBy(
    events.values(),
    (event) => `${windowOf(event)} ${event.captured?.currency}`,
  )
  return new Map(
    [...groups].map(([key, members]) => {
      const minor = members.reduce((sum, { captured }) => sum + (captured?.amountMinor ?? 0n), 0n)
      return [key, `${members.length} payments, ${minor} minor`]
    }),
  )
}

/** The differences of each kind, with the first example. A row that occurs twice is listed twice. */
export function differences(
  what: string,
  due: Rows,
  found: readonly (readonly [name: string, content: string])[],
): readonly string[] {
  const anomalies = new Map<string, string[]>()
  const note = (kind: string, text: string) =>
    anomalies.set(kind, [...(anomalies.get(kind) ?? []), text])
  const seen = new Set<string>()
  for (const [name, content] of found) {
    const wanted = due.get(name)
    if (seen.has(name)) note('twice', name)
    else if (wanted === undefined) note('not due', `${name}: ${content}`)
    else if (wanted !== content) note('wrong', `${name}: ${content} instead of ${wanted}`)
    seen.add(name)
  }
  for (const [name, content] of due) if (!seen.has(name)) note('missing', `${name}: ${content}`)
  return [...anomalies].map(
    ([kind, examples]) => `${what}: ${examples.length} ${kind}, such as ${examples[0]}`,
  )
}
