import type { BatchPlan } from '@tenseams/iceberg/offsets/offsets'
import type { Chunk } from './fetched.ts'
import type { NextOffsets } from './next-offsets.ts'

/**
 * Records that were planned since the table was last opened, with bytes of the budget reserved for them. They may only be
 * taken while the table has not been opened again.
 */
export type Reservation = {
  readonly nextOffsets: NextOffsets
  readonly partition: number
  readonly chunk: Chunk
  /** Of the log that the records were read from. */
  readonly logEpoch: number
}

export type SinkPlan =
  | (Exclude<BatchPlan, { kind: 'accept' }> & { readonly fruitless: number })
  /** Decode these records, then `take` the reservation or `release` it. */
  | { readonly kind: 'accept'; readonly reservation: Reservation }
  | { readonly kind: 'wait' }
