import { type AvroRecord, type AvroType, matchAvro } from '@tenseams/codec/avro'
import type { Row, Value } from '@tenseams/iceberg/format/row'
import { type AddedColumn, columnName, type IcebergSchema, icebergSchemaOf } from './iceberg.ts'

/** Columns of every bronze table that tell where a row comes from. A contract's field may not become one of them. */
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
 * The columns of a topic's bronze table: those of the origin, then those of the contract.
 *
 * @throws ContractError when two of them have the same name.
 */
export function bronzeSchemaOf(record: AvroRecord): IcebergSchema {
  return icebergSchemaOf(record, { before: originColumns })
}

/** Milliseconds to microseconds, the unit of Iceberg's times. */
export const micros = (milliseconds: number): bigint => BigInt(milliseconds) * 1_000n

type Convert = (value: unknown) => Value

/** From a decoded value to the contract's columns. Made once per contract, used for each value, which the codec has checked. */
export function columnsOf(record: AvroRecord): (value: unknown) => Row {
  const convert = recordConverter(record)
  return (value) => convert(value) as Row
}

function converterOf(type: AvroType): Convert {
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
    const fields = value as Readonly<Record<string, unknown>>
    const row: Record<string, Value> = {}
    for (const [field, column, convert] of columns) row[column] = convert(fields[field])
    return row
  }
}
