import type { EachBatchPayload, IHeaders, KafkaMessage } from 'kafkajs'
import { type UnreadableBatchError, unreadableBatchOf } from './fetch/unreadable-batch.ts'

/** One record as its handler sees it. */
export type ConsumedRecord = {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  /** Milliseconds since 1970, by its writer's clock. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: IHeaders
  /** Set when it stands for all records of a batch that cannot be read; it has the offset of the last of them. */
  readonly unreadable?: UnreadableBatchError | undefined
}

/** A record of a fetched batch. */
export function recordOf(
  batch: Pick<EachBatchPayload['batch'], 'topic' | 'partition'>,
  message: KafkaMessage,
): ConsumedRecord {
  return {
    topic: batch.topic,
    partition: batch.partition,
    offset: message.offset,
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: message.headers ?? {},
    unreadable: unreadableBatchOf(message),
  }
}

/** The records of a fetched batch from that offset on. */
export function recordsFrom(
  batch: EachBatchPayload['batch'],
  next: bigint,
): readonly ConsumedRecord[] {
  return batch.messages
    .map((message) => recordOf(batch, message))
    .filter(({ offset }) => BigInt(offset) >= next)
}
