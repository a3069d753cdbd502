import type { Codec, Decoded } from '@tenseams/codec/codec'
import { bronzeSchemaOf, columnsOf, micros } from '@tenseams/contracts/generate/bronze'
import { type ContractSchema, currentSchema } from '@tenseams/contracts/schemas'
import { bronzeTableNameOf } from '@tenseams/contracts/topics'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { Row } from '@tenseams/iceberg/format/row'
import type { StructType } from '@tenseams/iceberg/format/schema'
import type { KafkaMessage } from 'kafkajs'

/** A topic's table: what it is called, its columns, and how a decoded record becomes a row. */
export type BronzeTable = {
  readonly topic: string
  readonly table: TableIdentifier
  readonly schema: StructType
  /** The contract that its records are decoded with; by default the codec's own for the topic. */
  readonly contract?: TableContract
  /** How its records are decoded where no contract describes them. */
  readonly decode?: (codec: Codec, message: KafkaMessage) => Promise<Decoded<Envelope>>
  readonly rowOf: (value: Envelope, origin: Origin) => Row
}

/** The version of a contract that a table follows. */
export type TableContract = Pick<ContractSchema, 'version' | 'format' | 'text' | 'schema'>

/** A decoded record of any contract. */
export type Envelope = { readonly [field: string]: unknown }

/** The record that a row was made from. */
export type Origin = {
  readonly partition: number
  readonly offset: bigint
  readonly timestampMs: number
  readonly schemaId: number
  /** Of the topic's log: 0 for the first. */
  readonly logEpoch?: number
}

/**
 * SQL of a record's position in all logs that its topic has had, over a row of bronze: its offset in the first log, and above all
 * offsets of earlier logs in a later one.
 */
export const logPosition = '(kafka_offset + coalesce(log_epoch, 0)::BIGINT * 281474976710656)'

/** `orders.order.v1` is `bronze.orders_order_v1`; its columns are the origin's and those of the contract. */
export function bronzeTableOf(
  topic: string,
  contract: TableContract = currentSchema(topic),
): BronzeTable {
  const toColumns = columnsOf(contract.schema)
  return {
    topic,
    contract,
    table: bronzeNameOf(topic),
    schema: bronzeSchemaOf(contract.schema),
    rowOf: (value, origin) => ({ ...originRow(origin), ...toColumns(value) }),
  }
}

export function bronzeNameOf(topic: string): TableIdentifier {
  return { namespace: 'bronze', name: bronzeTableNameOf(topic) }
}

const INT64_MAX = 2n ** 63n - 1n

function clamped(value: bigint): bigint {
  if (value > INT64_MAX) return INT64_MAX
  return value < -INT64_MAX ? -INT64_MAX : value
}

export function originRow({ partition, offset, timestampMs, schemaId, logEpoch = 0 }: Origin): Row {
  return {
    kafka_partition: partition,
    kafka_offset: offset,
    // A producer may set any int64: what no column can hold becomes the nearest time.
    kafka_timestamp: clamped(micros(timestampMs)),
    schema_id: schemaId,
    log_epoch: logEpoch === 0 ? null : logEpoch,
  }
}
