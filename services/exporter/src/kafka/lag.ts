import type { FirstRecord } from './first-record.ts'
import type { PartitionName } from './log-client.ts'

/** What a group has committed in a partition, and up to where readers see the partition. */
export type Position = PartitionName & {
  readonly group: string
  readonly committed: bigint
  readonly stable: bigint
}

export type Lag = { readonly records: bigint; readonly seconds: number }

/** Looks into a partition from an offset on; throws when its records cannot be read. */
export type Look = (partition: PartitionName, offset: bigint) => Promise<FirstRecord>

/** At rest every partition ends with transaction markers, so looking on is the rule; more batches than these are a backlog. */
const MOST_LOOKS = 4

type Known = {
  readonly committed: bigint
  /** Up to here there is nothing to read. */
  nothingBefore: bigint
  timestampMs: number | undefined
  /** Since when the group was seen behind at this offset, by our clock. */
  readonly sinceMs: number
}

/**
 * How far groups are behind, in records and in seconds: the age of the first record that is not committed. What was learned of a
 * committed offset is kept, so a group at rest, or one that is stuck, costs no look into the log.
 */
export class Lags {
  readonly #known = new Map<string, Known>()
  readonly #look: Look
  readonly #now: () => number

  constructor(look: Look, now: () => number = Date.now) {
    this.#look = look
    this.#now = now
  }

  async of(position: Position): Promise<Lag> {
    const { committed, stable } = position
    const nothing = { records: 0n, seconds: 0 }
    if (committed >= stable) {
      this.#known.delete(keyOf(position))
      return nothing
    }
    const known = this.#knownOf(position)
    const timestampMs = await this.#timestampOf(position, known)
    if (timestampMs === undefined) return nothing
    const seconds = Math.max(0, this.#now() - timestampMs) / 1_000
    return { records: stable - committed, seconds }
  }

  /** Forgets groups and partitions that are not among these any more. */
  keep(positions: readonly Position[]): void {
    const current = new Set(positions.map(keyOf))
    for (const key of this.#known.keys()) if (!current.has(key)) this.#known.delete(key)
  }

  #knownOf(position: Position): Known {
    const { committed } = position
    const key = keyOf(position)
    const known = this.#known.get(key)
    if (known?.committed === committed) return known
    const fresh = {
      committed,
      nothingBefore: committed,
      timestampMs: undefined,
      sinceMs: this.#now(),
    }
    this.#known.set(key, fresh)
    return fresh
  }

  /** Undefined when there is nothing to read before the end. */
  async #timestampOf(position: Position, known: Known): Promise<number | undefined> {
    if (known.timestampMs !== undefined) return known.timestampMs
    try {
      for (let looks = 0; known.nothingBefore < position.stable; looks += 1) {
        if (looks >= MOST_LOOKS) return known.sinceMs
        const found = await this.#look(position, known.nothingBefore)
        if (found.kind === 'record') {
          known.timestampMs = found.timestampMs
          return found.timestampMs
        }
        if (found.next <= known.nothingBefore) return known.sinceMs
        known.nothingBefore = found.next
      }
      return undefined
    } catch {
      // A batch that nobody can read: the age of what follows is at least the time for which we have seen it wait.
      return known.sinceMs
    }
  }
}

function keyOf({ group, topic, partition }: Position): string {
  return `${group} ${topic}-${partition}`
}
