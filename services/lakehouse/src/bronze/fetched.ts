import type { OffsetSpan } from '@tenseams/iceberg/offsets/offsets'
import type { Batch, KafkaMessage } from 'kafkajs'

/** The beginning of a fetched batch: as many of its records as there is room for. */
export type Chunk = {
  readonly span: OffsetSpan
  readonly messages: readonly KafkaMessage[]
  readonly bytes: number
}

export type Room = { readonly rows: number; readonly bytes: number }

/** From the offset at which the fetch began (kafkajs has it, its types do not) to the offset after the last record. */
export function spanOf(batch: Batch): OffsetSpan {
  const start: unknown = Reflect.get(batch, 'fetchedOffset')
  if (typeof start !== 'string' && typeof start !== 'number') {
    throw new Error('kafkajs: a batch without fetchedOffset')
  }
  return { start: BigInt(start), end: BigInt(batch.lastOffset()) + 1n }
}

/**
 * The records that fit into the room. A chunk that leaves records out ends after its own last record, where the next fetch
 * begins. A chunk with all of them ends where the batch ends, after markers and aborted records.
 *
 * @returns undefined when not even the first record fits.
 */
export function chunkOf(
  messages: readonly KafkaMessage[],
  span: OffsetSpan,
  room: Room,
): Chunk | undefined {
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
 * How many bytes a fetch may return, derived from what may be held. What finds no room is dropped and fetched again, after
 * kafkajs has parsed all of it: a megabyte of small records takes more than ten megabytes of memory.
 */
export function fetchBounds(maxBufferedBytes: number) {
  const byBound = Math.floor(maxBufferedBytes / 64)
  const maxBytesPerPartition = Math.min(MOST_FETCH_BYTES, Math.max(LEAST_FETCH_BYTES, byBound))
  return { maxBytesPerPartition, maxBytes: 8 * maxBytesPerPartition }
}

/** A decoded row is an object with a few dozen properties, whatever the record's size, and its strings. */
const ROW_BYTES = 1_500
const BYTES_A_BYTE = 3

/** The memory of a record's row until it is committed: an estimate from the record's bytes, rather too high than too low. */
export function heldBytes({ key, value }: Pick<KafkaMessage, 'key' | 'value'>): number {
  return ROW_BYTES + BYTES_A_BYTE * ((key?.length ?? 0) + (value?.length ?? 0))
}
