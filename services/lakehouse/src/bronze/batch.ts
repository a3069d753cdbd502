import type { Codec, Decoded } from '@tenseams/codec/codec'
import type { Row } from '@tenseams/iceberg/format/row'
import { type DeadLetter, deadLetterOf } from '@tenseams/kafka/dead-letter'
import type { Verdict } from '@tenseams/kafka/failure'
import { type ConsumedRecord, recordOf } from '@tenseams/kafka/record'
import type { KafkaMessage } from 'kafkajs'
import type { BronzeTable, Envelope, Origin } from './bronze-table.ts'
import { type TracedRow, tracedRow } from './traced-rows.ts'

/** A decoded batch. Ticks are in neither list: they only move the offsets. */
export type DecodedBatch = {
  readonly rows: readonly Row[]
  readonly deadLetters: readonly DeadLetter[]
  /** The earliest event time among the rows. */
  readonly oldestMs: number
  /** Those among the rows whose trace is recorded. */
  readonly traced?: readonly TracedRow[]
}

/** Records of one partition, in order. */
export type Records = {
  readonly partition: number
  readonly messages: readonly KafkaMessage[]
  /** Of the topic's log. */
  readonly logEpoch?: number
}

export type Decoding = {
  readonly codec: Codec
  readonly groupId: string
  /** Why a record is not to be decoded; undefined for most. */
  readonly refusalOf?: (topic: string, value: Buffer | null) => Error | undefined
  /** What to do with a record that cannot be decoded. */
  readonly judge: (record: ConsumedRecord, error: unknown) => Verdict
}

/** A record cannot be decoded yet: all of its batch is fetched again after the pause. */
export class MustWaitError extends Error {
  readonly verdict: Extract<Verdict, { readonly kind: 'wait' }>

  constructor(verdict: MustWaitError['verdict'], cause: unknown) {
    super(`a record must wait: ${verdict.cause}`, { cause })
    this.verdict = verdict
  }
}

/**
 * Decodes all records, or none: after an outage of the registry all of them are fetched again.
 *
 * @throws MustWaitError
 */
export async function decodeBatch(
  { codec, groupId, refusalOf, judge }: Decoding,
  bronze: BronzeTable,
  { partition, messages, logEpoch = 0 }: Records,
): Promise<DecodedBatch> {
  const rows: Row[] = []
  const deadLetters: DeadLetter[] = []
  const traced: TracedRow[] = []
  let oldestMs = Number.POSITIVE_INFINITY
  for (const message of messages) {
    const record = recordOf({ topic: bronze.topic, partition }, message)
    try {
      const refusal = record.unreadable ?? refusalOf?.(bronze.topic, message.value)
      if (refusal !== undefined) throw refusal
      const decoded = await decodeOne(codec, bronze, message)
      if (decoded.value.type === 'tick') continue
      rows.push(rowOf(bronze, { partition, logEpoch }, message, decoded))
      oldestMs = Math.min(oldestMs, eventTimeMs(decoded.value, message))
      const row = tracedRow(record, groupId)
      if (row !== undefined) traced.push(row)
    } catch (error) {
      const verdict = judge(record, error)
      if (verdict.kind === 'wait') throw new MustWaitError(verdict, error)
      deadLetters.push(deadLetterOf(record, verdict, groupId))
    }
  }
  return { rows, deadLetters, oldestMs, traced }
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
