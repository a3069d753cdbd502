import type { TakeOver, TransactionalProducer } from '@tenseams/kafka/ownership'
import type { Message, RecordMetadata, Transaction } from 'kafkajs'
import type { SentRecord } from '../../../history/operations.ts'
import type { HistoryRecorder } from '../../../history/recorder.ts'
import { causeOf, WITNESS_OUTPUT } from './task.ts'

let transactions = 0

/** Records what the owner of a partition requests from the broker, and the responses. */
export function recordingTakeOver(
  recorder: HistoryRecorder,
  worker: string,
  takeOver: TakeOver,
): TakeOver {
  return async (topicPartition) => {
    const { groupId: group, topic, partition } = topicPartition
    const client = clientOf(worker, partition)
    const assigned = recorder.invoke(client, {
      ...{ kind: 'assign', group, partitions: [{ topic, partition }] },
    })
    try {
      const { producer, committed } = await takeOver(topicPartition)
      assigned.ok()
      return { producer: recordingProducer(recorder, client, producer), committed }
    } catch (error) {
      assigned.unknown()
      throw error
    }
  }
}

/** A worker's session of one partition is one client: it does one operation after another. */
export const clientOf = (worker: string, partition: number): string => `${worker}/${partition}`

/** A request is recorded before it is sent, and an error is an unknown outcome. */
export function recordingProducer(
  recorder: HistoryRecorder,
  client: string,
  producer: TransactionalProducer,
): TransactionalProducer {
  return {
    disconnect: () => producer.disconnect(),
    transaction: async () => {
      const inner = await producer.transaction()
      return recordingTransaction(recorder, client, inner)
    },
  }
}

function recordingTransaction(
  recorder: HistoryRecorder,
  client: string,
  inner: Transaction,
): Transaction {
  transactions += 1
  const transaction = `${client} ${process.pid} ${transactions}`
  recorder.note(client, { kind: 'begin', transaction })
  return {
    ...inner,
    isActive: () => inner.isActive(),
    send: async (batch) => {
      const records = sentRecords(batch.topic, batch.messages)
      const sending = recorder.invoke(client, { kind: 'send', records, transaction })
      const told = await orUnknown(sending, () => inner.send(batch))
      sending.ok({ records: withOffsets(records, told) })
      return told
    },
    sendOffsets: async (offsets) => {
      const { consumerGroupId: group, topics } = offsets
      const positions = topics.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => ({ topic, partition, offset: BigInt(offset) })),
      )
      const committing = recorder.invoke(client, {
        ...{ kind: 'commit-offsets', group, offsets: positions, transaction },
      })
      await orUnknown(committing, () => inner.sendOffsets(offsets))
      committing.ok()
    },
    commit: async () => {
      const committing = recorder.invoke(client, { kind: 'commit', transaction })
      await orUnknown(committing, () => inner.commit())
      committing.ok()
    },
    abort: async () => {
      const aborting = recorder.invoke(client, { kind: 'abort', transaction })
      await orUnknown(aborting, () => inner.abort())
      aborting.ok()
    },
  }
}

/** When it throws the operation's outcome is unknown: the client's own retries are exhausted. */
export async function orUnknown<Result>(
  operation: { unknown(): void },
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    operation.unknown()
    throw error
  }
}

/** Every message of a witness names its partition, so its offset follows from the base offset of the request. */
export function sentRecords(topic: string, messages: readonly Message[]): readonly SentRecord[] {
  return messages.map(({ partition, value }) => {
    if (partition === undefined || value === null)
      throw new Error('a message of a witness has a partition and a value')
    const text = value.toString()
    const cause = topic === WITNESS_OUTPUT ? { cause: causeOf(text) } : {}
    return { topic, partition, value: text, ...cause }
  })
}

export function withOffsets(
  records: readonly SentRecord[],
  told: readonly RecordMetadata[],
): readonly SentRecord[] {
  const next = new Map<number, bigint>()
  for (const { partition, baseOffset } of told) {
    if (baseOffset !== undefined) next.set(partition, BigInt(baseOffset))
  }
  return records.map((record) => {
    const { partition = -1 } = record
    const offset = next.get(partition)
    if (offset === undefined) return record
    next.set(partition, offset + 1n)
    return { ...record, offset }
  })
}
