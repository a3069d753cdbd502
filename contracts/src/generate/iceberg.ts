import {
  type AvroField,
  type AvroPrimitive,
  type AvroRecord,
  isNullable,
  matchAvro,
} from '@tenseams/codec/avro'
import { ContractError } from '../errors.ts'

/** An Iceberg schema as the table's metadata holds it (Iceberg spec, appendix C). */
export type IcebergSchema = IcebergStruct & { readonly 'schema-id': number }

export type IcebergStruct = { readonly type: 'struct'; readonly fields: readonly IcebergField[] }

export type IcebergField = {
  readonly id: number
  readonly name: string
  readonly required: boolean
  readonly type: IcebergType
  readonly doc?: string
  /** Former names of the column, from the contract's aliases: a table that has one of them renames that column. */
  readonly aliases?: readonly string[]
}

export type IcebergList = {
  readonly type: 'list'
  readonly 'element-id': number
  readonly element: IcebergType
  readonly 'element-required': boolean
}

export type IcebergPrimitive =
  | 'boolean'
  | 'int'
  | 'long'
  | 'double'
  | 'string'
  | 'binary'
  | 'timestamptz'

export type IcebergType = IcebergPrimitive | IcebergStruct | IcebergList

/** A column that a writer adds to the contract's, for example the record's offset. */
export type AddedColumn = {
  readonly name: string
  readonly type: IcebergPrimitive
  readonly required: boolean
  readonly doc?: string
}

type Options = {
  /** Columns before the contract's. */
  readonly before?: readonly AddedColumn[]
  /** The table's current schema: its columns keep their ids, and new ones get ids above all former ones. */
  readonly previous?: IcebergSchema
  /** The table's `last-column-id`; ids of dropped columns are not reused. */
  readonly lastColumnId?: number
}

/**
 * The Iceberg schema of a contract: camelCase fields become snake_case columns, a nullable field an optional column,
 * a nullable branch an optional struct, `timestamp-millis` a `timestamptz`.
 *
 * Ids are assigned depth first, so the same contract always has the same schema. A schema that has grown keeps its ids only
 * with `previous`. Iceberg reads columns by id, so with another id a column would show another column's values. A field
 * renamed by alias keeps its id.
 *
 * @throws ContractError when two columns would have the same name.
 */
export function icebergSchemaOf(record: AvroRecord, options: Options = {}): IcebergSchema {
  const { before = [], previous } = options
  const taken = new Map([
    ...metadataColumns.map((name) => [name, 'one that Iceberg has for every table'] as const),
    ...before.map(({ name }) => [name, "a column of the writer's own"] as const),
  ])
  const mistakes = nameMistakes(record, taken)
  if (mistakes.length > 0) throw new ContractError(mistakes.join('\n'))
  const known = previous === undefined ? new Map<string, number>() : idsByPath(previous)
  let last = Math.max(options.lastColumnId ?? 0, 0, ...known.values())
  const ids: Ids = {
    has: (path) => known.has(path),
    of: (path) => {
      const id = known.get(path)
      if (id !== undefined) return id
      last += 1
      return last
    },
  }
  const added = before.map((column) => ({ id: ids.of(column.name), ...column }))
  const fields = [...added, ...structOf(record, '', ids).fields]
  return { type: 'struct', 'schema-id': previous?.['schema-id'] ?? 0, fields }
}

/** Readers answer these of every table, and Spark refuses a table that has one of them (Iceberg's `MetadataColumns`). */
const metadataColumns = [
  ...['_file', '_pos', '_deleted', '_spec_id', '_partition', '_row_id'],
  ...['_last_updated_sequence_number', '_change_type', '_change_ordinal', '_commit_snapshot_id'],
]

/** `occurredAt` is the column `occurred_at`. */
export function columnName(field: string): string {
  return field.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)
}

/**
 * Two columns of one name would be one value for a reader. Column names have no capitals, so names that DuckDB takes for
 * equal are equal here.
 */
function nameMistakes(record: AvroRecord, taken: ReadonlyMap<string, string>): readonly string[] {
  const known = new Map(taken)
  return record.fields.flatMap(({ name, type }) => {
    const column = columnName(name)
    const other = known.get(column)
    known.set(column, other ?? `the field ${name}`)
    const within = nameMistakesWithin(type)
    if (other === undefined) return within
    const both = `${record.name}.${name} would be the column ${column}, like ${other}`
    return [`${both}: give the field another name`, ...within]
  })
}

function nameMistakesWithin(type: AvroField['type']): readonly string[] {
  return matchAvro<readonly string[]>(type, {
    primitive: () => [],
    timestamp: () => [],
    nullable: nameMistakesWithin,
    array: nameMistakesWithin,
    record: (record) => nameMistakes(record, new Map()),
  })
}

/** Ids by a column's path in the table, which may still have its former name. */
type Ids = {
  readonly has: (path: string) => boolean
  readonly of: (path: string) => number
}

function structOf(record: AvroRecord, path: string, ids: Ids): IcebergStruct {
  const fields = record.fields.map((field) => {
    const others = record.fields.filter((other) => other !== field).map(({ name }) => name)
    const aliases = (field.aliases ?? []).filter((alias) => !others.includes(alias))
    return fieldOf(field, aliases.map(columnName), path, ids)
  })
  return { type: 'struct', fields }
}

function fieldOf(
  field: AvroField,
  aliases: readonly string[],
  parent: string,
  ids: Ids,
): IcebergField {
  const name = columnName(field.name)
  const paths = [name, ...aliases].map((each) => (parent === '' ? each : `${parent}.${each}`))
  const path = paths.find(ids.has) ?? paths[0] ?? name
  return {
    id: ids.of(path),
    name,
    required: !isNullable(field.type),
    type: typeOf(field.type, path, ids),
    ...(field.doc === undefined ? {} : { doc: field.doc }),
    ...(aliases.length === 0 ? {} : { aliases }),
  }
}

const primitives: Readonly<Record<AvroPrimitive, IcebergPrimitive>> = {
  boolean: 'boolean',
  int: 'int',
  long: 'long',
  double: 'double',
  string: 'string',
  bytes: 'binary',
}

function typeOf(type: AvroField['type'], path: string, ids: Ids): IcebergType {
  return matchAvro<IcebergType>(type, {
    primitive: (primitive) => primitives[primitive],
    timestamp: () => 'timestamptz',
    nullable: (of) => typeOf(of, path, ids),
    record: (record) => structOf(record, path, ids),
    array: (items) => ({
      type: 'list',
      'element-id': ids.of(`${path}.element`),
      element: typeOf(items, `${path}.element`, ids),
      'element-required': !isNullable(items),
    }),
  })
}

function idsByPath(schema: IcebergStruct): Map<string, number> {
  return new Map(schema.fields.flatMap((field) => fieldIds(field, '')))
}

function fieldIds(field: IcebergField, parent: string): readonly (readonly [string, number])[] {
  const path = parent === '' ? field.name : `${parent}.${field.name}`
  return [[path, field.id], ...typeIds(field.type, path)]
}

function typeIds(type: IcebergType, path: string): readonly (readonly [string, number])[] {
  if (typeof type === 'string') return []
  if (type.type === 'struct') return type.fields.flatMap((field) => fieldIds(field, path))
  const element = `${path}.element`
  return [[element, type['element-id']], ...typeIds(type.element, element)]
}
