import * as duckdb from '@duckdb/node-api'
import { LakehouseError } from './errors.ts'
import type { Row, Value } from './format/row.ts'
import {
  type ColumnType,
  decimalOf,
  type MapType,
  matchType,
  type StructType,
} from './format/schema.ts'

type Primitive = {
  readonly sql: string
  readonly type: duckdb.DuckDBType
  readonly of: (value: Value) => duckdb.DuckDBValue
}

const primitives: Readonly<Record<string, Primitive>> = {
  boolean: { sql: 'BOOLEAN', type: duckdb.BOOLEAN, of: plain },
  int: { sql: 'INTEGER', type: duckdb.INTEGER, of: plain },
  long: { sql: 'BIGINT', type: duckdb.BIGINT, of: long },
  float: { sql: 'FLOAT', type: duckdb.FLOAT, of: plain },
  double: { sql: 'DOUBLE', type: duckdb.DOUBLE, of: plain },
  string: { sql: 'VARCHAR', type: duckdb.VARCHAR, of: plain },
  date: { sql: 'DATE', type: duckdb.DATE, of: (value) => new duckdb.DuckDBDateValue(days(value)) },
  binary: { sql: 'BLOB', type: duckdb.BLOB, of: (value) => new duckdb.DuckDBBlobValue(raw(value)) },
  timestamp: {
    sql: 'TIMESTAMP',
    type: duckdb.TIMESTAMP,
    of: (value) => new duckdb.DuckDBTimestampValue(micros(value)),
  },
  timestamptz: {
    sql: 'TIMESTAMPTZ',
    type: duckdb.TIMESTAMPTZ,
    of: (value) => new duckdb.DuckDBTimestampTZValue(micros(value)),
  },
  time: {
    sql: 'TIME',
    type: duckdb.TIME,
    of: (value) => new duckdb.DuckDBTimeValue(micros(value)),
  },
  uuid: { sql: 'UUID', type: duckdb.UUID, of: uuid },
}

/** DuckDB's type of a column that is written. */
export function duckType(type: ColumnType): duckdb.DuckDBType {
  return matchType<duckdb.DuckDBType>(type, {
    primitive: (name) => primitive(name).type,
    struct: ({ fields }) =>
      duckdb.STRUCT(Object.fromEntries(fields.map(({ name, type }) => [name, duckType(type)]))),
    list: ({ element }) => duckdb.LIST(duckType(element)),
    map: ({ key, value }) => duckdb.MAP(duckType(key), duckType(value)),
  })
}

export type Convert = (value: Value | undefined) => duckdb.DuckDBValue

/** Made once per column, used for each value. */
export function converterOf(type: ColumnType): Convert {
  return matchType<Convert>(type, {
    primitive: (name) => nullable(primitive(name).of),
    struct: structConverter,
    list: ({ element }) => {
      const convert = converterOf(element)
      return nullable((value) => duckdb.listValue((value as readonly Value[]).map(convert)))
    },
    map: mapConverter,
  })
}

function mapConverter({ key, value }: MapType): Convert {
  const convertKey = converterOf(key)
  const convertValue = converterOf(value)
  return nullable((entries) =>
    duckdb.mapValue(
      (entries as readonly Row[]).map((entry) => ({
        key: convertKey(entry.key),
        value: convertValue(entry.value),
      })),
    ),
  )
}

function structConverter({ fields }: StructType): Convert {
  const columns = fields.map(({ name, type }) => [name, converterOf(type)] as const)
  return nullable((value) => {
    const row = value as Row
    return duckdb.structValue(
      Object.fromEntries(columns.map(([name, convert]) => [name, convert(row[name])])),
    )
  })
}

function nullable(convert: (value: Value) => duckdb.DuckDBValue): Convert {
  return (value) => (value === null || value === undefined ? null : convert(value))
}

/** DuckDB's SQL name of a type without children. */
export function sqlPrimitive(name: string): string {
  const known = primitives[name] ?? decimal(name)
  if (known !== undefined) return known.sql
  if (/^fixed\[\d+\]$/.test(name)) return 'BLOB'
  throw new LakehouseError('FORMAT_UNSUPPORTED', `type ${name} is not read`)
}

function primitive(name: string): Primitive {
  const known = primitives[name] ?? decimal(name)
  if (known !== undefined) return known
  // DuckDB would write a fixed as a byte array without a length, which other readers take for another type.
  const advice = name.startsWith('fixed[') ? ': make the column binary' : ''
  throw new LakehouseError('FORMAT_UNSUPPORTED', `type ${name} is not written${advice}`)
}

/** DuckDB does not check a decimal's digits, so a value with too many would be written as an invalid one. */
function decimal(name: string): Primitive | undefined {
  const parameters = decimalOf(name)
  if (parameters === undefined) return undefined
  const { precision, scale } = parameters
  const limit = 10n ** BigInt(precision)
  const of = (value: Value): duckdb.DuckDBValue => {
    const unscaled = value as bigint
    if (unscaled < limit && unscaled > -limit) {
      return new duckdb.DuckDBDecimalValue(unscaled, precision, scale)
    }
    throw new LakehouseError('FORMAT_UNSUPPORTED', `${unscaled} has too many digits for ${name}`)
  }
  return { sql: name.toUpperCase(), type: duckdb.DECIMAL(precision, scale), of }
}

/** Converts by the bytes, so that an invalid uuid is refused here. */
function uuid(value: Value): duckdb.DuckDBValue {
  const digits = String(value).replaceAll('-', '')
  if (/^[\da-f]{32}$/i.test(digits))
    return duckdb.DuckDBUUIDValue.fromUint128(BigInt(`0x${digits}`))
  throw new LakehouseError('FORMAT_UNSUPPORTED', `${String(value)} is no uuid`)
}

function plain(value: Value): duckdb.DuckDBValue {
  return value as duckdb.DuckDBValue
}

/** A writer whose contract still says `int` passes numbers for a column that has been widened. */
function long(value: Value): duckdb.DuckDBValue {
  return typeof value === 'number' ? BigInt(value) : plain(value)
}

// The caller promises that a row's value has its column's type; DuckDB refuses other values.
const micros = (value: Value): bigint => value as bigint
const days = (value: Value): number => value as number
const raw = (value: Value): Uint8Array => value as Uint8Array
