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
 *   many at once ──refused──▶ half as many, up to the last suspect ──one alone refused──▶ it becomes a dead letter
 *        ▲                        ▲ └──refused──┘  └── past the last suspect ──┐              │ the rest of them
 *        │                        └────────────────────────────────────────────┼──────────────┘
 *        └─────────────────────────────────────────────────────────────────────┘
 * ```
 */
export type Refusals = {
  /** The last offset of a transaction that was refused as a whole. */
  readonly lastSuspect: bigint
  /** How many of the suspects are sent at once. */
  readonly atOnce: number
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

export const noRefusals: Refusals = { lastSuspect: -1n, atOnce: 1, refused: undefined }

/** What is known after the transaction of these records has failed. */
export function afterFailure(
  known: Refusals,
  records: readonly ConsumedRecord[],
  error: unknown,
): Refusals {
  const [first] = records
  const last = records.at(-1)
  if (first === undefined || last === undefined || !isRefused(error)) return known
  if (first !== last) {
    const lastSuspect = isSuspect(known, last) ? known.lastSuspect : BigInt(last.offset)
    return { ...known, lastSuspect, atOnce: Math.ceil(records.length / 2) }
  }
  const cause = new RefusedByBrokerError(`the output of offset ${first.offset}`, { cause: error })
  const asDeadLetter = known.refused?.offset === first.offset
  const rest = Number(known.lastSuspect - BigInt(first.offset))
  return {
    ...{ lastSuspect: known.lastSuspect, atOnce: Math.max(1, rest) },
    refused: { offset: first.offset, error: cause, asDeadLetter },
  }
}

/** How many records may be sent at once, beginning with this one. */
export function mostAtOnce(
  refusals: Refusals,
  record: ConsumedRecord | undefined,
  maxRecords: number,
): number {
  return isSuspect(refusals, record) ? Math.min(maxRecords, refusals.atOnce) : maxRecords
}

/** Whether the record was in a transaction that was refused as a whole. */
function isSuspect({ lastSuspect }: Refusals, record: ConsumedRecord | undefined): boolean {
  return record !== undefined && BigInt(record.offset) <= lastSuspect
}
