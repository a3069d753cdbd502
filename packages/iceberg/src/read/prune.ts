import { LakehouseError } from '../errors.ts'
import { type Comparable, compare, decodeBound } from '../format/bound-values.ts'
import type { ByColumn, DataFile } from '../format/manifest.ts'
import type { ColumnType, StructType } from '../format/schema.ts'
import { decimalOf } from '../format/schema.ts'

/**
 * A value of a column: text, numbers and bigints, booleans, bytes; times are microseconds and dates days since 1970;
 * a decimal is text.
 */
export type FilterValue = string | number | bigint | boolean | Uint8Array

export type Comparison = '=' | '<' | '<=' | '>' | '>='

/** A column's name; for a member of a struct, the names from the top, joined by dots. */
export type Condition =
  | { readonly column: string; readonly op: Comparison; readonly value: FilterValue }
  | { readonly column: string; readonly op: 'in'; readonly value: readonly FilterValue[] }
  | { readonly column: string; readonly op: 'is-null' }
  | { readonly column: string; readonly op: 'not-null' }

/** All of the conditions hold. */
export type Filter = readonly Condition[]

/** True when a file may have a row that passes the filter; `false` is a proof that it has none. */
export type MayHold = (file: DataFile) => boolean

/**
 * Prunes by the files' statistics. Whatever is uncertain prunes nothing: a column without statistics, a type whose bounds are
 * not understood, columns under a list or a map.
 *
 * @throws LakehouseError QUERY_INVALID for a column that the schema lacks, and for a value that does not fit the column's type.
 */
export function pruner(schema: StructType, filter: Filter): MayHold {
  const tests = filter.map((condition) => testOf(schema, condition))
  return (file) => tests.every((test) => test(file))
}

function testOf(schema: StructType, condition: Condition): MayHold {
  const column = columnOf(schema, condition.column)
  if (condition.op === 'is-null') {
    // A member is also null where its struct is null, and writers differ in whether they count that.
    return (file) => column.nested || statistic(file.null_value_counts, column.id) !== 0n
  }
  if (condition.op === 'not-null') return (file) => !isAllNull(file, column.id)
  const [op, values]: [Comparison, readonly FilterValue[]] =
    condition.op === 'in' ? ['=', condition.value] : [condition.op, [condition.value]]
  const wanted = values.flatMap((value): readonly Wanted[] =>
    comparablesOf(column.type, value, condition.column),
  )
  return (file) =>
    !isAllNull(file, column.id) && wanted.some((value) => mayCompare(file, column, op, value))
}

type Column = { readonly id: number; readonly type: ColumnType; readonly nested: boolean }

export function columnOf(schema: StructType, path: string): Column {
  const field = schema.fields.find(({ name }) => name === path)
  if (field !== undefined) return { id: field.id, type: field.type, nested: false }
  for (const { name, type } of schema.fields) {
    if (typeof type === 'string' || type.type !== 'struct' || !path.startsWith(`${name}.`)) continue
    return { ...columnOf(type, path.slice(name.length + 1)), nested: true }
  }
  throw new LakehouseError('QUERY_INVALID', `there is no column ${path} to filter by`)
}

/** NaN cannot be compared with bounds, so it prunes nothing. */
type Wanted = Comparable | 'any'

/** The value in the form of the column's bounds; two values where the column has less precision. */
function comparablesOf(type: ColumnType, value: FilterValue, name: string): readonly Wanted[] {
  if (typeof type !== 'string') throw unfit(name, type.type)
  switch (type) {
    case 'string':
      return typeof value === 'string' ? [Buffer.from(value)] : refuse(name, type)
    case 'boolean':
      return typeof value === 'boolean' ? [Number(value)] : refuse(name, type)
    case 'binary':
      return value instanceof Uint8Array ? [Buffer.from(value)] : refuse(name, type)
    case 'int':
    case 'long':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'double':
      return numberOf(value, name, type)
    case 'float':
      return narrowed(numberOf(value, name, type))
    default:
      return decimalOf(type) === undefined ? ['any'] : [decimalFrom(value, name, type)]
  }
}

function numberOf(
  value: FilterValue,
  name: string,
  type: string,
): readonly (number | bigint | 'any')[] {
  if (typeof value === 'bigint') return [value]
  if (typeof value !== 'number') return refuse(name, type)
  return [Number.isNaN(value) ? 'any' : value]
}

/** The value and its nearest float: engines differ in which of them they compare. */
function narrowed(values: readonly Wanted[]): readonly Wanted[] {
  return values.flatMap((value): readonly Wanted[] =>
    value === 'any' ? [value] : [value, Math.fround(Number(value))],
  )
}

function decimalFrom(value: FilterValue, name: string, type: string): Comparable {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(String(value))
  if (match === null || typeof value === 'boolean') return refuse(name, type)
  const [, whole = '', fraction = ''] = match
  return { unscaled: BigInt(whole + fraction), scale: fraction.length }
}

function mayCompare(file: DataFile, { id, type }: Column, op: Comparison, wanted: Wanted): boolean {
  if (wanted === 'any') return true
  const above = order(type, statistic(file.lower_bounds, id), wanted)
  const below = order(type, statistic(file.upper_bounds, id), wanted)
  switch (op) {
    case '=':
      return !(above > 0) && !(below < 0)
    case '<':
      return !(above >= 0)
    case '<=':
      return !(above > 0)
    case '>':
      return !(below <= 0) || mayHaveNan(file, id, type)
    case '>=':
      return !(below < 0) || mayHaveNan(file, id, type)
  }
}

/** Compares a bound with a value. NaN, for which no comparison holds, when the order is not known. */
function order(type: ColumnType, bound: Buffer | undefined, wanted: Comparable): number {
  if (bound === undefined || typeof type !== 'string') return Number.NaN
  const decoded = decodeBound(type, bound)
  return decoded === undefined ? Number.NaN : (compare(decoded, wanted) ?? Number.NaN)
}

/** NaN is in no bound, but DuckDB orders it above all numbers. */
function mayHaveNan(file: DataFile, id: number, type: ColumnType): boolean {
  return (type === 'float' || type === 'double') && statistic(file.nan_value_counts, id) !== 0n
}

function isAllNull(file: DataFile, id: number): boolean {
  const nulls = statistic(file.null_value_counts, id)
  return nulls !== undefined && nulls === statistic(file.value_counts, id)
}

function statistic<Value>(values: ByColumn<Value> | null, id: number): Value | undefined {
  return values?.find(({ key }) => key === id)?.value
}

function refuse(name: string, type: string): never {
  throw unfit(name, type)
}

function unfit(name: string, type: string): LakehouseError {
  return new LakehouseError('QUERY_INVALID', `no value of column ${name} (${type}) can be that`)
}
