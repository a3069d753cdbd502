import type { TopicPartition } from './control.ts'

export type TickRules = {
  /** For how long after the last event windows may still be open. */
  readonly activeMs: number
  /** A partition gets a tick at least that often, whatever is or is not written. */
  readonly restIntervalMs: number
}

/**
 * Decides which partitions get a tick. An event advances the time of its own partition, so only those without a new event
 * need one, and when no event has come to any partition for longer than the longest window stays open, no window waits:
 * then a slow tick is enough. So ticks are fewer than the events and idle intervals they stand for, in Postgres and in
 * topics that keep everything.
 *
 * A partition that had an event just after one look and none before the next gets its tick then, so its time is never
 * behind by more than two intervals while anything happens.
 */
export class DueTicks {
  readonly #rules: TickRules
  readonly #tickedAt = new Map<string, number>()
  #lastEventAt: number

  /** A start counts as an event: nobody knows what was written while there were no ticks. */
  constructor(rules: TickRules, now: number) {
    this.#rules = rules
    this.#lastEventAt = now
  }

  /** @param withEvents the partitions into which events were written since the last call. */
  next(
    partitions: readonly TopicPartition[],
    withEvents: readonly TopicPartition[],
    now: number,
  ): readonly TopicPartition[] {
    if (withEvents.length > 0) this.#lastEventAt = now
    const busy = new Set(withEvents.map(nameOf))
    const isActive = now - this.#lastEventAt <= this.#rules.activeMs
    return partitions.filter((place) => {
      const tickedAt = this.#tickedAt.get(nameOf(place)) ?? Number.NEGATIVE_INFINITY
      if (now - tickedAt >= this.#rules.restIntervalMs) return true
      return isActive && !busy.has(nameOf(place))
    })
  }

  /** These ticks are written. Those that could not be written are due again. */
  written(partitions: readonly TopicPartition[], now: number): void {
    for (const place of partitions) this.#tickedAt.set(nameOf(place), now)
  }
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`
