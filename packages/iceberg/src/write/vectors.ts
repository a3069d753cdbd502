import * as duckdb from '@duckdb/node-api'
import bindings from '@duckdb/node-bindings'
import { converterOf, duckType } from '../duckdb-types.ts'
import { LakehouseError } from '../errors.ts'
import type { Row, Value } from '../format/row.ts'
import { type ColumnType, matchType, type StructType } from '../format/schema.ts'

/** Writes a column of values into one of DuckDB's vectors, which has room for so many. */
export type WriteVector = (vector: bindings.Vector, values: Column) => void

type Column = readonly (Value | undefined)[]

type Numbers =
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Float32Array
  | Float64Array
  | Uint8Array

/**
 * How a column's values get into DuckDB. The frequent types are written as one typed array, which costs a fraction of what a
 * setter per value does; the others go through the setters of DuckDB's client.
 *
 * @throws LakehouseError FORMAT_UNSUPPORTED for a type or a value that is not written.
 */
export function vectorWriterOf(type: ColumnType): WriteVector {
  return matchType<WriteVector>(type, {
    primitive: (name) => writers[name] ?? bySetter(name),
    struct: structWriter,
    list: ({ element }) => listWriter(vectorWriterOf(element)),
    map: bySetter,
  })
}

const writers: Readonly<Record<string, WriteVector>> = {
  boolean: (vector, values) => writeNumbers(vector, values, new Uint8Array(values.length), bit),
  int: (vector, values) => writeNumbers(vector, values, new Int32Array(values.length), int32),
  date: (vector, values) => writeNumbers(vector, values, new Int32Array(values.length), int32),
  long: writeLongs,
  timestamp: writeLongs,
  timestamptz: writeLongs,
  float: (vector, values) => writeNumbers(vector, values, new Float32Array(values.length), number),
  double: (vector, values) => writeNumbers(vector, values, new Float64Array(values.length), number),
  string: writeTexts,
}

/** Which values of a vector are null: DuckDB has a bit for each, in words of 64, that is set for a value. */
class Nulls {
  readonly #bits: Uint8Array
  count = 0

  constructor(values: number) {
    this.#bits = new Uint8Array(Math.ceil(values / 64) * 8).fill(0xff)
  }

  add(index: number): void {
    const byte = index >> 3
    this.#bits[byte] = (this.#bits[byte] ?? 0) & ~(1 << (index & 7))
    this.count += 1
  }

  /** A vector without nulls is left as it is: all of its values are there. */
  writeTo(vector: bindings.Vector): void {
    if (this.count === 0) return
    const { buffer, byteLength } = this.#bits
    bindings.vector_ensure_validity_writable(vector)
    bindings.copy_data_to_vector_validity(vector, 0, buffer as ArrayBuffer, 0, byteLength)
  }
}

function writeData(vector: bindings.Vector, { buffer, byteLength }: Numbers): void {
  bindings.copy_data_to_vector(vector, 0, buffer as ArrayBuffer, 0, byteLength)
}

function writeNumbers(
  vector: bindings.Vector,
  values: Column,
  items: Int32Array | Float32Array | Float64Array | Uint8Array,
  of: (value: Value) => number,
): void {
  const nulls = new Nulls(values.length)
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (value === null || value === undefined) nulls.add(index)
    else items[index] = of(value)
  }
  writeData(vector, items)
  nulls.writeTo(vector)
}

function writeLongs(vector: bindings.Vector, values: Column): void {
  const items = new BigInt64Array(values.length)
  const nulls = new Nulls(values.length)
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (value === null || value === undefined) nulls.add(index)
    else items[index] = int64(value)
  }
  writeData(vector, items)
  nulls.writeTo(vector)
}

function writeTexts(vector: bindings.Vector, values: Column): void {
  const nulls = new Nulls(values.length)
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (value === null || value === undefined) nulls.add(index)
    else bindings.vector_assign_string_element(vector, index, value as string)
  }
  nulls.writeTo(vector)
}

function structWriter({ fields }: StructType): WriteVector {
  const columns = fields.map(({ name, type }) => ({ name, write: vectorWriterOf(type) }))
  return (vector, values) => {
    const nulls = nullsIn(values)
    for (const [index, { name, write }] of columns.entries()) {
      const child = bindings.struct_vector_get_child(vector, index)
      // A null struct has null children.
      write(
        child,
        values.map((value) => (value == null ? null : (value as Row)[name])),
      )
    }
    nulls.writeTo(vector)
  }
}

function listWriter(writeElements: WriteVector): WriteVector {
  return (vector, values) => {
    const nulls = nullsIn(values)
    const spans = new BigUint64Array(values.length * 2)
    const elements: Value[] = []
    for (let index = 0; index < values.length; index++) {
      const list = (values[index] ?? []) as readonly Value[]
      spans[2 * index] = BigInt(elements.length)
      spans[2 * index + 1] = BigInt(list.length)
      for (const element of list) elements.push(element)
    }
    bindings.list_vector_reserve(vector, elements.length)
    bindings.list_vector_set_size(vector, elements.length)
    writeElements(bindings.list_vector_get_child(vector), elements)
    writeData(vector, spans)
    nulls.writeTo(vector)
  }
}

function bySetter(type: ColumnType): WriteVector {
  const convert = converterOf(type)
  const of = duckType(type)
  return (vector, values) => {
    const column = duckdb.DuckDBVector.create(vector, values.length, of)
    for (const [index, value] of values.entries()) column.setItem(index, convert(value))
    column.flush()
  }
}

function nullsIn(values: Column): Nulls {
  const nulls = new Nulls(values.length)
  for (let index = 0; index < values.length; index++) {
    if (values[index] === null || values[index] === undefined) nulls.add(index)
  }
  return nulls
}

// A typed array would take other values, too, and keep something else.

function int32(value: Value): number {
  if (typeof value === 'number' && value === (value | 0)) return value
  throw unfit(value, 'an integer of 32 bits')
}

/** A writer whose contract still says `int` passes numbers for a column that has been widened. */
function int64(value: Value): bigint {
  const long = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof long === 'bigint' && long === BigInt.asIntN(64, long)) return long
  throw unfit(value, 'an integer of 64 bits')
}

function number(value: Value): number {
  if (typeof value === 'number') return value
  throw unfit(value, 'a number')
}

function bit(value: Value): number {
  if (typeof value === 'boolean') return value ? 1 : 0
  throw unfit(value, 'true or false')
}

function unfit(value: Value, what: string): LakehouseError {
  return new LakehouseError('FORMAT_UNSUPPORTED', `${String(value)} is not ${what}`)
}
