import { messageOf } from '@tenseams/service/causes'
import { ByteReader } from './byte-reader.ts'
import { codecOf, inflate } from './inflate.ts'
import { markUnreadable, type UnreadableBatch, UnreadableBatchError } from './unreadable-batch.ts'

/** A record as kafkajs hands it on; `batchContext` is what its filter of aborted records needs. */
export type FetchedMessage = {
  readonly magicByte: number
  readonly attributes: number
  readonly timestamp: string
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>
  isControlRecord: boolean
  readonly batchContext: BatchContext
}

type BatchContext = {
  readonly firstOffset: string
  readonly firstTimestamp: string
  readonly maxTimestamp: string
  readonly partitionLeaderEpoch: number
  readonly inTransaction: boolean
  readonly isControlBatch: boolean
  readonly lastOffsetDelta: number
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly timestampType: number
  readonly magicByte: number
}

/** What one batch may become in memory. A producer's batch has about 1 MB before it is compressed. */
export type BatchBounds = {
  readonly maxBytes: number
  readonly maxRecords: number
  readonly maxHeaders: number
}

export const batchBounds: BatchBounds = {
  maxBytes: 16 * 1_048_576,
  maxRecords: 100_000,
  maxHeaders: 1_000,
}

export type DecodedRecordBatch = {
  readonly messages: readonly FetchedMessage[]
  /** Of its records, decompressed. */
  readonly bytes: number
}

const MAGIC = 2
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
/** What fits into a dead letter, whose topic allows 1 MB. */
const MOST_KEPT_BYTES = 500_000

/**
 * The records of one batch (format 2), without its first offset and length. A batch that cannot be read becomes one
 * message that stands for all of its records, at the offset of the last of them, so that its reader can set them aside and
 * go on. So does an empty one, as compaction leaves it behind; that message is hidden like a transaction's marker.
 *
 * @throws CutOffError when not even its header is there.
 */
export async function decodeRecordBatch(
  firstOffset: bigint,
  batch: Buffer,
  bounds: BatchBounds = batchBounds,
): Promise<DecodedRecordBatch> {
  const reader = new ByteReader(batch)
  const { context, attributes, count } = headerOf(firstOffset, reader)
  const compressed = reader.bytes(reader.left)
  try {
    if (context.magicByte !== MAGIC) throw new Error(`format ${context.magicByte} is not read`)
    if (count > bounds.maxRecords) throw new Error(`${count} records, more than are read`)
    const bytes = await inflate(attributes, compressed, bounds.maxBytes)
    const messages = recordsOf(context, count, new ByteReader(bytes), bounds)
    if (messages.length === 0) return { messages: [hidden(context)], bytes: 0 }
    return { messages, bytes: bytes.length }
  } catch (error) {
    return { messages: [unreadable(context, attributes, compressed, error)], bytes: 0 }
  }
}

function headerOf(firstOffset: bigint, reader: ByteReader) {
  const partitionLeaderEpoch = reader.int32()
  const magicByte = reader.int8()
  // The broker has compared the checksum.
  reader.int32()
  const attributes = reader.int16()
  const context: BatchContext = {
    firstOffset: String(firstOffset),
    partitionLeaderEpoch,
    magicByte,
    inTransaction: (attributes & TRANSACTIONAL) !== 0,
    isControlBatch: (attributes & CONTROL) !== 0,
    timestampType: (attributes & LOG_APPEND_TIME) !== 0 ? 1 : 0,
    lastOffsetDelta: reader.int32(),
    firstTimestamp: String(reader.int64()),
    maxTimestamp: String(reader.int64()),
    producerId: String(reader.int64()),
    producerEpoch: reader.int16(),
    firstSequence: reader.int32(),
  }
  return { context, attributes, count: reader.int32() }
}

function recordsOf(
  context: BatchContext,
  count: number,
  reader: ByteReader,
  bounds: BatchBounds,
): readonly FetchedMessage[] {
  const first = BigInt(context.firstOffset)
  const firstTimestamp = BigInt(context.firstTimestamp)
  const messages: FetchedMessage[] = []
  for (let index = 0; index < count; index += 1) {
    const record = new ByteReader(reader.varBytes() ?? Buffer.alloc(0))
    const attributes = record.int8()
    const timestamp = String(firstTimestamp + record.varlong())
    const offsetDelta = record.varint()
    if (offsetDelta < 0 || offsetDelta > context.lastOffsetDelta) {
      throw new Error(`a record ${offsetDelta} offsets after the first`)
    }
    messages.push({
      attributes,
      timestamp: context.timestampType === 1 ? context.maxTimestamp : timestamp,
      offset: String(first + BigInt(offsetDelta)),
      key: record.varBytes(),
      value: record.varBytes(),
      headers: headersOf(record, bounds),
      magicByte: context.magicByte,
      isControlRecord: context.isControlBatch,
      batchContext: context,
    })
    if (record.left > 0) throw new Error('a record is longer than its fields')
  }
  if (reader.left > 0) throw new Error('more records than announced')
  return messages
}

/** A name that comes twice has a list of values, as in kafkajs. */
function headersOf(record: ByteReader, { maxHeaders }: BatchBounds): FetchedMessage['headers'] {
  const count = record.varint()
  if (count < 0 || count > maxHeaders) throw new Error(`a record with ${count} headers`)
  if (count === 0) return {}
  const found = new Map<string, Buffer[]>()
  for (let index = 0; index < count; index += 1) {
    const name = String(record.varBytes() ?? '')
    const values = found.get(name) ?? []
    // kafkajs has no header without a value.
    values.push(record.varBytes() ?? Buffer.alloc(0))
    found.set(name, values)
  }
  return Object.fromEntries(
    [...found].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  )
}

function unreadable(
  context: BatchContext,
  attributes: number,
  compressed: Buffer,
  cause: unknown,
): FetchedMessage {
  const message = standIn(context)
  const batch: UnreadableBatch = {
    firstOffset: context.firstOffset,
    lastOffset: message.offset,
    codec: codecOf(attributes),
    // A copy: the rest of the answer must not stay in memory.
    bytes: compressed.length > MOST_KEPT_BYTES ? null : Buffer.from(compressed),
  }
  const why = messageOf(cause)
  markUnreadable(message, new UnreadableBatchError(why, batch, { cause }))
  return message
}

function hidden(context: BatchContext): FetchedMessage {
  return { ...standIn(context), isControlRecord: true }
}

/** A message that stands for the whole batch. */
function standIn(context: BatchContext): FetchedMessage {
  const last = BigInt(context.firstOffset) + BigInt(Math.max(0, context.lastOffsetDelta))
  return {
    ...{ attributes: 0, key: null, value: null, headers: {} },
    timestamp: context.maxTimestamp,
    offset: String(last),
    magicByte: context.magicByte,
    isControlRecord: context.isControlBatch,
    batchContext: context,
  }
}
