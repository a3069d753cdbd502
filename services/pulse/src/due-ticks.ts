import type { TopicPartition } from './control.ts'

export type TickRules = {
  /** A partition gets a tick at least that often, whatever is or is not written. */
  readonly restIntervalMs: number
}

/** Of the time since the last event: the interval of ticks while nothing comes to any partition. */
const SHARE_OF_SILENCE = 1 / 30

/**
 * Decides which partitions get a tick. An event advances the time of its own partition, so only those without a new event
 * need one. While no event comes to any partition, the interval grows with the silence, up to the longest one: a window that
 * has waited a minute for the next row may wait two seconds for its tick, one that has waited half an hour a minute. So ticks are
 * fewer than the events and idle intervals they stand for, in Postgres, in topics that keep everything, and in the CPU time of
 * all that they pass through.
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
    const quietIntervalMs = (now - this.#lastEventAt) * SHARE_OF_SILENCE
    return partitions.filter((place) => {
      const tickedAt = this.#tickedAt.get(nameOf(place)) ?? Number.NEGATIVE_INFINITY
      if (now - tickedAt >= this.#rules.restIntervalMs) return true
      return !busy.has(nameOf(place)) && now - tickedAt >= quietIntervalMs
    })
  }

  /** These ticks are written. Those that could not be written are due again. */
  written(partitions: readonly TopicPartition[], now: number): void {
    for (const place of partitions) this.#tickedAt.set(nameOf(place), now)
  }
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`
