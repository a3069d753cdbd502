import type { OffsetSpan } from '@tenseams/iceberg/offsets/offsets'
import type { Batch, KafkaMessage } from 'kafkajs'

/** The beginning of a fetched batch: as many of its records as there is room for. */
export type Portion = {
  readonly span: OffsetSpan
  readonly messages: readonly KafkaMessage[]
  readonly bytes: number
}

export type Room = { readonly rows: number; readonly bytes: number }

/** From where the fetch began, which kafkajs knows and its types do not tell, to the offset after its last record. */
export function spanOf(batch: Batch): OffsetSpan {
  const start: unknown = Reflect.get(batch, 'fetchedOffset')
  if (typeof start !== 'string' && typeof start !== 'number') {
    throw new Error('kafkajs: a batch without fetchedOffset')
  }
  return { start: BigInt(start), end: BigInt(batch.lastOffset()) + 1n }
}

/**
 * What fits into the room. A portion that leaves records behind ends after its own last one, where the next fetch then
 * begins; one with all of them ends where the batch does, behind markers and aborted records.
 *
 * @returns undefined when not even the first record fits.
 */
export function portionOf(
  messages: readonly KafkaMessage[],
  span: OffsetSpan,
  room: Room,
): Portion | undefined {
  let bytes = 0
  let count = 0
  for (const message of messages) {
    const size = heldBytes(message)
    if (count === room.rows || bytes + size > room.bytes) break
    bytes += size
    count += 1
  }
  if (count === messages.length) return { span, messages, bytes }
  const taken = messages.slice(0, count)
  const last = taken.at(-1)
  if (last === undefined) return undefined
  return { span: { start: span.start, end: BigInt(last.offset) + 1n }, messages: taken, bytes }
}

const LEAST_FETCH_BYTES = 65_536
const MOST_FETCH_BYTES = 1_048_576

/**
 * How much a fetch may bring, by what may be held. What finds no room is thrown away and fetched again, and kafkajs has
 * parsed all of it by then: a megabyte of small records is more than ten times that in memory.
 */
export function fetchBounds(maxBufferedBytes: number) {
  const byBound = Math.floor(maxBufferedBytes / 64)
  const maxBytesPerPartition = Math.min(MOST_FETCH_BYTES, Math.max(LEAST_FETCH_BYTES, byBound))
  return { maxBytesPerPartition, maxBytes: 8 * maxBytesPerPartition }
}

/** A decoded row is an object with a few dozen properties, whatever the record's size, and its strings. */
const ROW_BYTES = 1_500
const BYTES_A_BYTE = 3

/** What a record's row takes in memory until it is committed: an estimate by the record's own bytes, and generous. */
export function heldBytes({ key, value }: Pick<KafkaMessage, 'key' | 'value'>): number {
  return ROW_BYTES + BYTES_A_BYTE * ((key?.length ?? 0) + (value?.length ?? 0))
}
