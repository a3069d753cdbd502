import type { ConsumedRecord } from './consume.ts'
import { hasErrorType } from './error-type.ts'
import type { ChunkBounds, Transform } from './gather.ts'

/** What a broker refuses whoever sends it, and however often. */
const refusals = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'])

/** The broker takes nothing of what one record was made into. It never will. */
export class RefusedByBrokerError extends Error {
  readonly code = 'REFUSED_BY_BROKER'
  readonly retriable = false
}

/**
 * Finds the record for which a broker refuses a partition's transaction, so that it becomes a dead letter and does not
 * stop the partition. Any other failure is the broker's, and says nothing against a record.
 *
 * ```
 *   many at once ──refused──▶ one by one, to the end of those ──refused──▶ that one is a dead letter
 *        ▲                                 └──────── the end is passed ────────────┐
 *        └─────────────────────────────────────────────────────────────────────────┘
 * ```
 */
export class Refusal {
  #lastSuspect = -1n
  #culprit: { readonly offset: string; readonly error: RefusedByBrokerError } | undefined

  /** Says that a transaction of these records has failed. */
  note(records: readonly ConsumedRecord[], error: unknown): void {
    const [first] = records
    const last = records.at(-1)
    if (first === undefined || last === undefined || !hasErrorType(error, refusals)) return
    if (first === last) {
      const cause = new RefusedByBrokerError(`what offset ${first.offset} became`, { cause: error })
      this.#culprit = { offset: first.offset, error: cause }
    } else this.#lastSuspect = BigInt(last.offset)
  }

  /** The bounds of the next chunk, which begins with that record. */
  boundsFrom(first: ConsumedRecord | undefined, bounds: ChunkBounds): ChunkBounds {
    const isSuspect = first !== undefined && BigInt(first.offset) <= this.#lastSuspect
    return isSuspect ? { ...bounds, maxRecords: 1 } : bounds
  }

  /** The transform, which fails for a record that the broker has refused alone. */
  around(transform: Transform): Transform {
    return (record) => {
      if (record.offset === this.#culprit?.offset) throw this.#culprit.error
      return transform(record)
    }
  }
}
