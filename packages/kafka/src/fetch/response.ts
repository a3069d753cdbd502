import { setImmediate } from 'node:timers/promises'
import { type AbortedTransaction, markAborted } from '../aborted.ts'
import { changeKafkajs } from '../connection/change-kafkajs.ts'
import { ByteReader } from './byte-reader.ts'
import { decodeRecordBatch, type FetchedMessage } from './record-batch.ts'

/** An answer to a fetch, as kafkajs expects it from its decoder. */
export type FetchResponse = {
  readonly throttleTime: number
  readonly clientSideThrottleTime: number
  readonly errorCode: number
  readonly sessionId: number
  readonly responses: readonly {
    readonly topicName: string
    readonly partitions: readonly DecodedPartition[]
  }[]
}

export type DecodedPartition = {
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: string
  readonly lastStableOffset: string
  readonly lastStartOffset: string
  abortedTransactions: readonly AbortedTransaction[]
  readonly preferredReadReplica: number
  readonly messages: readonly FetchedMessage[]
}

/** What the records of one answer may become in memory, of all partitions together. */
export type ResponseBounds = { readonly maxBytes: number; readonly maxRecords: number }

const responseBounds: ResponseBounds = { maxBytes: 64 * 1_048_576, maxRecords: 200_000 }
/** First offset and length, which precede a batch. */
const BATCH_PREFIX_BYTES = 12
/** After a batch of this size other work gets a turn. */
const LONG_WORK_BYTES = 1_048_576

type Decoder = { decode(data: Buffer): Promise<FetchResponse> }

/**
 * Replaces kafkajs's decoder of fetched records (adr/0037). The library's own has no snappy, lz4 and zstd, puts no bound
 * on what a batch becomes in memory, and gives the whole answer up when one batch cannot be read, so that the consumer
 * restarts for ever. And it shows some aborted records (aborted.ts). kafkajs 2.2.4 has had no release since 2023.
 */
export function readFetchesOurselves(): void {
  changeKafkajs('protocol/requests/fetch/v11/response', 'reads-fetches', (response: Decoder) => {
    response.decode = (data) => decodeFetch(data)
  })
}

type Left = { bytes: number; records: number }

/** Decodes an answer of version 11, the newest that kafkajs asks for. */
export async function decodeFetch(
  data: Buffer,
  bounds: ResponseBounds = responseBounds,
): Promise<FetchResponse> {
  const reader = new ByteReader(data)
  const clientSideThrottleTime = reader.int32()
  const errorCode = reader.int16()
  const sessionId = reader.int32()
  const left: Left = { bytes: bounds.maxBytes, records: bounds.maxRecords }
  const responses: FetchResponse['responses'][number][] = []
  for (let topics = reader.int32(); topics > 0; topics -= 1) {
    const topicName = reader.string()
    const partitions: DecodedPartition[] = []
    for (let count = reader.int32(); count > 0; count -= 1) {
      const partition = await decodePartition(reader, left)
      if (partition !== undefined) partitions.push(partition)
    }
    responses.push({ topicName, partitions })
  }
  // The broker has not throttled the answer: it expects that of the client, as kafkajs's own decoder says.
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses }
}

/** Undefined when there is no room left for its first batch: kafkajs fetches it again. */
async function decodePartition(
  reader: ByteReader,
  left: Left,
): Promise<DecodedPartition | undefined> {
  const head = {
    partition: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: String(reader.int64()),
    lastStableOffset: String(reader.int64()),
    lastStartOffset: String(reader.int64()),
  }
  const abortedTransactions: AbortedTransaction[] = []
  for (let count = reader.int32(); count > 0; count -= 1) {
    const producerId = String(reader.int64())
    abortedTransactions.push({ producerId, firstOffset: String(reader.int64()) })
  }
  const preferredReadReplica = reader.int32()
  const records = reader.bytes(Math.max(0, reader.int32()))
  const messages = await decodeMessages(records, left)
  if (messages === undefined) return undefined
  const partition = { ...head, abortedTransactions, preferredReadReplica, messages }
  markAborted(partition)
  return partition
}

/** As many batches as there is room for, and the first in any case if there is room at all. The last may be cut off. */
async function decodeMessages(
  records: Buffer,
  left: Left,
): Promise<readonly FetchedMessage[] | undefined> {
  const reader = new ByteReader(records)
  const messages: FetchedMessage[] = []
  let isFirst = true
  while (reader.left >= BATCH_PREFIX_BYTES) {
    const firstOffset = reader.int64()
    const length = reader.int32()
    if (length > reader.left) break
    if (left.bytes <= 0 || left.records <= 0) return isFirst ? undefined : messages
    isFirst = false
    const batch = await decodeRecordBatch(firstOffset, reader.bytes(length))
    left.bytes -= batch.bytes
    left.records -= batch.messages.length
    for (const message of batch.messages) messages.push(message)
    if (batch.bytes > LONG_WORK_BYTES) await setImmediate()
  }
  return messages
}
