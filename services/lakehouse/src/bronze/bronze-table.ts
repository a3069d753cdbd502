import { type AvroRecord, matchAvro } from '@tenseams/codec/avro'
import type { Codec, Decoded } from '@tenseams/codec/codec'
import { type AddedColumn, columnName, icebergSchemaOf } from '@tenseams/contracts/generate/iceberg'
import { type ContractSchema, currentSchema } from '@tenseams/contracts/schemas'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { Row, Value } from '@tenseams/iceberg/format/row'
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

export const originColumns: readonly AddedColumn[] = [
  { name: 'kafka_partition', type: 'int', required: true, doc: 'Partition of the record.' },
  { name: 'kafka_offset', type: 'long', required: true, doc: 'Offset of the record.' },
  { name: 'kafka_timestamp', type: 'timestamptz', required: true, doc: "The record's own time." },
  { name: 'schema_id', type: 'int', required: true, doc: "The writer's schema in the registry." },
  {
    ...{ name: 'log_epoch', type: 'int', required: false },
    doc: 'Null in the first log of the topic; one more each time that another log of it was accepted.',
  },
]

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
  const record = contract.schema
  const toColumns = converterOf(record)
  return {
    topic,
    contract,
    table: bronzeNameOf(topic),
    schema: icebergSchemaOf(record, { before: originColumns }),
    rowOf: (value, origin) => ({ ...originRow(origin), ...(toColumns(value) as Row) }),
  }
}

export function bronzeNameOf(topic: string): TableIdentifier {
  return { namespace: 'bronze', name: topic.replaceAll(/[.-]/g, '_') }
}

const INT64_MAX = 2n ** 63n - 1n

function clamped(value: bigint): bigint {
  if (value > INT64_MAX) return INT64_MAX
  return value < -INT64_MAX ? -INT64_MAX : value
}

/** Milliseconds to microseconds, the unit of Iceberg's times. */
export const micros = (milliseconds: number): bigint => BigInt(milliseconds) * 1_000n

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

type Convert = (value: unknown) => Value

/** Made once per contract, used for each value. The codec has checked the value against the contract. */
function converterOf(type: AvroRecord | AvroRecord['fields'][number]['type']): Convert {
  return matchAvro<Convert>(type, {
    primitive: () => (value) => value as Value,
    timestamp: () => (value) => micros(value as number),
    nullable: (of) => {
      const convert = converterOf(of)
      return (value) => (value === null ? null : convert(value))
    },
    array: (items) => {
      const convert = converterOf(items)
      return (value) => (value as readonly unknown[]).map(convert)
    },
    record: recordConverter,
  })
}

function recordConverter(record: AvroRecord): Convert {
  const columns = record.fields.map(
    ({ name, type }) => [name, columnName(name), converterOf(type)] as const,
  )
  return (value) => {
    const fields = value as Envelope
    const row: Record<string, Value> = {}
    for (const [field, column, convert] of columns) row[column] = convert(fields[field])
    return row
  }
}
