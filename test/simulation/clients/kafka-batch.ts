import { createRequire } from 'node:module'
import { type FetchedPartition, markAborted } from '@tenseams/kafka/aborted'
import type { KafkaMessage } from 'kafkajs'
import type { FetchedSpan } from '../servers/broker.ts'

/** kafkajs's own, of src/consumer. */
const filterAborted: (partition: FetchedPartition) => FetchedPartition['messages'] = createRequire(
  import.meta.url,
)('kafkajs/src/consumer/filterAbortedMessages')

const MARKERS = { commit: Buffer.from([0, 0, 0, 1]), abort: Buffer.from([0, 0, 0, 0]) }

/** The parts of kafkajs's batch that this repository uses. */
export type SimulatedBatch = {
  readonly topic: string
  readonly partition: number
  readonly fetchedOffset: string
  readonly messages: readonly KafkaMessage[]
  /** True when nothing was fetched, or nothing that readers may see. */
  readonly isEmpty: boolean
  readonly isEmptyDueToFiltering: boolean
  readonly firstOffset: () => string | null
  readonly lastOffset: () => string
}

/** What a broken mode changes in fetched batches. */
export type BatchFlaws = {
  /** kafkajs without our patch: it delivers some aborted records. */
  readonly isUnpatched?: boolean
  /** Each record has a key of its own, so the reader knows of no order. */
  readonly keysApart?: boolean
}

/** kafkajs's src/consumer/batch.js with its own filter of aborted records, and before it our `markAborted`, which corrects it. */
export function batchOf(
  topic: string,
  fetched: FetchedSpan,
  flaws: BatchFlaws = {},
): SimulatedBatch {
  const { partition, from, highWatermark, entries } = fetched
  const decoded = decodedOf(fetched)
  if (flaws.isUnpatched !== true) markAborted(decoded)
  const messages = filterAborted(decoded)
    .filter((message) => !message.isControlRecord)
    .map((message) => messageOf(message, flaws.keysApart === true))
  const last = entries.at(-1)
  return {
    topic,
    partition,
    fetchedOffset: String(from),
    messages,
    isEmpty: messages.length === 0,
    isEmptyDueToFiltering: messages.length === 0 && entries.length > 0,
    firstOffset: () => (entries[0] === undefined ? null : String(entries[0].offset)),
    lastOffset: () => String(last === undefined ? highWatermark - 1 : last.offset),
  }
}

function decodedOf({ aborted, entries }: FetchedSpan): FetchedPartition {
  return {
    // As brokers name them: ordered by their last offset.
    abortedTransactions: aborted.map(({ producerId, firstOffset }) => ({
      producerId: String(producerId),
      firstOffset: String(firstOffset),
    })),
    messages: entries.map((entry) => ({
      offset: String(entry.offset),
      key: entry.kind === 'record' ? Buffer.from(entry.key) : MARKERS[entry.kind],
      value: entry.kind === 'record' ? Buffer.from(entry.value) : null,
      isControlRecord: entry.kind !== 'record',
      batchContext: {
        producerId: String(entry.producerId),
        inTransaction: entry.inTransaction,
      },
    })),
  }
}

function messageOf(
  message: FetchedPartition['messages'][number],
  isKeyApart: boolean,
): KafkaMessage {
  const { offset } = message
  const key = isKeyApart ? Buffer.from(`${message.key}#${offset}`) : message.key
  const value = 'value' in message && Buffer.isBuffer(message.value) ? message.value : null
  return { offset, key, value, timestamp: '0', attributes: 0, headers: {} }
}
