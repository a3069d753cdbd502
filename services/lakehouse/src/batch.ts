import { type Codec, type Decoded, UndecodableError } from '@tenseams/contracts/codec'
import type { DeadLetter } from '@tenseams/kafka/dead-letter'
import type { Row } from '@tenseams/lakehouse/duckdb'
import type { Batch, KafkaMessage } from 'kafkajs'
import type { BronzeTable, Envelope } from './bronze-table.ts'

/** A batch as its table takes it. Ticks are in neither list: only their offsets are passed. */
export type DecodedBatch = {
  readonly rows: readonly Row[]
  readonly letters: readonly DeadLetter[]
  /** The earliest event time among the rows. */
  readonly oldestMs: number
}

/**
 * Decodes all records of a batch, or none: after an outage of the registry the whole batch comes again.
 *
 * @throws RegistryUnavailableError
 */
export async function decodeBatch(
  codec: Codec,
  bronze: BronzeTable,
  batch: Batch,
  groupId: string,
): Promise<DecodedBatch> {
  const rows: Row[] = []
  const letters: DeadLetter[] = []
  let oldestMs = Number.POSITIVE_INFINITY
  for (const message of batch.messages) {
    try {
      const decoded = await codec.decode<Envelope>(batch.topic, message.value)
      if (decoded.value.type === 'tick') continue
      rows.push(rowOf(bronze, batch.partition, message, decoded))
      oldestMs = Math.min(oldestMs, eventTimeMs(decoded.value, message))
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error
      letters.push(letterOf(batch, message, error, groupId))
    }
  }
  return { rows, letters, oldestMs }
}

function rowOf(
  bronze: BronzeTable,
  partition: number,
  message: KafkaMessage,
  { schemaId, value }: Decoded<Envelope>,
): Row {
  const timestampMs = Number(message.timestamp)
  return bronze.rowOf(value, { partition, offset: BigInt(message.offset), timestampMs, schemaId })
}

/** Avro's time is a number, Protobuf's an int64. */
function eventTimeMs({ occurredAt }: Envelope, message: KafkaMessage): number {
  const isTime = typeof occurredAt === 'number' || typeof occurredAt === 'bigint'
  return Number(isTime ? occurredAt : message.timestamp)
}

function letterOf(
  batch: Batch,
  message: KafkaMessage,
  error: UndecodableError,
  groupId: string,
): DeadLetter {
  return {
    topic: batch.topic,
    partition: batch.partition,
    offset: message.offset,
    key: message.key,
    value: message.value,
    headers: message.headers ?? {},
    reason: error.code.toLowerCase().replaceAll('_', '-'),
    detail: error.message,
    groupId,
  }
}
