import { hasErrorType } from './error-type.ts'
import type { ConsumedRecord } from './record.ts'

/** Errors by which a broker refuses a record from every producer, however often it is sent. */
const refusing = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'])

/** Whether the broker refuses what was sent, and always will. */
export function isRefused(error: unknown): boolean {
  return hasErrorType(error, refusing)
}

/** The broker refuses the output of one record. It always will. */
export class RefusedByBrokerError extends Error {
  readonly code = 'REFUSED_BY_BROKER'
  readonly retriable = false
}

/**
 * What the broker has refused of one partition. It serves to find the record whose output is refused, so that it becomes
 * a dead letter and does not stop the partition. Any other failure is the broker's, and says nothing about a record.
 *
 * ```
 *   many at once ──refused──▶ one by one, up to the last suspect ──refused──▶ that one becomes a dead letter
 *        ▲                                 └──────── past the last suspect ────────┐
 *        └─────────────────────────────────────────────────────────────────────────┘
 * ```
 */
export type Refusals = {
  /** The last offset of a transaction that was refused as a whole. */
  readonly lastSuspect: bigint
  /** The record that was refused alone. */
  readonly refused:
    | {
        readonly offset: string
        readonly error: RefusedByBrokerError
        /** Its dead letter was refused as well, with the record's bytes in it. */
        readonly asDeadLetter: boolean
      }
    | undefined
}

export const noRefusals: Refusals = { lastSuspect: -1n, refused: undefined }

/** What is known after the transaction of these records has failed. */
export function afterFailure(
  known: Refusals,
  records: readonly ConsumedRecord[],
  error: unknown,
): Refusals {
  const [first] = records
  const last = records.at(-1)
  if (first === undefined || last === undefined || !isRefused(error)) return known
  if (first !== last) return { ...known, lastSuspect: BigInt(last.offset) }
  const cause = new RefusedByBrokerError(`the output of offset ${first.offset}`, { cause: error })
  const asDeadLetter = known.refused?.offset === first.offset
  return { ...known, refused: { offset: first.offset, error: cause, asDeadLetter } }
}

/** Whether the record was in a transaction that was refused as a whole: it must be sent alone. */
export function isSuspect({ lastSuspect }: Refusals, record: ConsumedRecord | undefined): boolean {
  return record !== undefined && BigInt(record.offset) <= lastSuspect
}
