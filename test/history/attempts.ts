import type { SendOperation, SentRecord } from './operations.ts'

/** One attempt to write a value. */
export type Attempt = {
  readonly send: SendOperation
  readonly record: SentRecord
  readonly transaction: Transaction | undefined
}

/**
 * How a transaction ended, as far as known:
 *
 *     begin ──► (no commit requested) unfinished   the broker aborts it
 *       ├─────► commit ok                committed
 *       ├─────► commit fail, or abort ok  aborted
 *       └─────► commit unknown            unknown
 */
export type Transaction = {
  readonly id: string
  readonly outcome: 'committed' | 'aborted' | 'unfinished' | 'unknown'
  /** Index at which a commit was first requested; Infinity when never. */
  readonly commitBegin: number
  /** Index at which its commit was acknowledged; Infinity when never. */
  readonly commitEnd: number
  readonly attempts: Attempt[]
}
