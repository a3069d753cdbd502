import type { Codec, Decoded } from '@tenseams/codec/codec'
import { UndecodableError } from '@tenseams/codec/errors'
import type { Row } from '@tenseams/iceberg/format/row'
import type { DeadLetter } from '@tenseams/kafka/dead-letter'
import { judgeFailure } from '@tenseams/kafka/failure'
import type { KafkaMessage } from 'kafkajs'
import type { BronzeTable, Envelope, Origin } from './bronze-table.ts'

/** A decoded batch. Ticks are in neither list: they only move the offsets. */
export type DecodedBatch = {
  readonly rows: readonly Row[]
  readonly deadLetters: readonly DeadLetter[]
  /** The earliest event time among the rows. */
  readonly oldestMs: number
}

/** Records of one partition, in order. */
export type Records = {
  readonly partition: number
  readonly messages: readonly KafkaMessage[]
  /** Of the topic's log. */
  readonly logEpoch?: number
}

/**
 * Decodes all records, or none: after an outage of the registry all of them are fetched again.
 *
 * @throws RegistryUnavailableError
 */
export async function decodeBatch(
  codec: Codec,
  bronze: BronzeTable,
  { partition, messages, logEpoch = 0 }: Records,
  groupId: string,
): Promise<DecodedBatch> {
  const rows: Row[] = []
  const deadLetters: DeadLetter[] = []
  let oldestMs = Number.POSITIVE_INFINITY
  for (const message of messages) {
    try {
      const decoded = await decodeOne(codec, bronze, message)
      if (decoded.value.type === 'tick') continue
      rows.push(rowOf(bronze, { partition, logEpoch }, message, decoded))
      oldestMs = Math.min(oldestMs, eventTimeMs(decoded.value, message))
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error
      deadLetters.push(deadLetterOf(bronze.topic, partition, message, error, groupId))
    }
  }
  return { rows, deadLetters, oldestMs }
}

function decodeOne(
  codec: Codec,
  { topic, contract, decode }: BronzeTable,
  message: KafkaMessage,
): Promise<Decoded<Envelope>> {
  if (decode !== undefined) return decode(codec, message)
  return codec.decode<Envelope>(topic, message.value, contract)
}

function rowOf(
  bronze: BronzeTable,
  from: Pick<Origin, 'partition' | 'logEpoch'>,
  message: KafkaMessage,
  { schemaId, value }: Decoded<Envelope>,
): Row {
  const timestampMs = Number(message.timestamp)
  const offset = BigInt(message.offset)
  return bronze.rowOf(value, { ...from, offset, timestampMs, schemaId })
}

/** Avro's time is a number, Protobuf's an int64. */
function eventTimeMs({ occurredAt }: Envelope, message: KafkaMessage): number {
  const isTime = typeof occurredAt === 'number' || typeof occurredAt === 'bigint'
  return Number(isTime ? occurredAt : message.timestamp)
}

function deadLetterOf(
  topic: string,
  partition: number,
  message: KafkaMessage,
  error: UndecodableError,
  groupId: string,
): DeadLetter {
  const verdict = judgeFailure(error, 1)
  if (verdict.kind !== 'dead-letter') throw error
  const { reason, detail, stack } = verdict
  const { offset, key, value, headers = {} } = message
  return { topic, partition, offset, key, value, headers, reason, detail, stack, groupId }
}
