/**
 * The subset of Avro that Node, Flink SQL and Iceberg all read in the same way. Any other type is refused when a contract
 * is read, with the reason: see adr/0005-one-envelope-a-topic-with-nullable-branches.md.
 */
export type AvroType = AvroPrimitive | AvroTimestamp | AvroArray | AvroRecord | AvroNullable

export type AvroPrimitive = 'boolean' | 'int' | 'long' | 'double' | 'string' | 'bytes'

/** Milliseconds since 1970 in UTC. Micros are refused: Flink 2.1 reads them as millis (FLINK-39036). */
export type AvroTimestamp = { readonly type: 'long'; readonly logicalType: 'timestamp-millis' }

export type AvroArray = { readonly type: 'array'; readonly items: AvroType }

export type AvroNullable = readonly ['null', AvroPrimitive | AvroTimestamp | AvroArray | AvroRecord]

export type AvroRecord = {
  readonly type: 'record'
  readonly name: string
  readonly namespace?: string
  readonly doc?: string
  readonly fields: readonly AvroField[]
}

export type AvroField = {
  readonly name: string
  readonly type: AvroType
  readonly doc?: string
  readonly aliases?: readonly string[]
  readonly default?: unknown
}

/** One function per kind of type, so that the compiler finds a kind that a generator forgot. */
type AvroCases<Result> = {
  readonly primitive: (type: AvroPrimitive) => Result
  readonly timestamp: () => Result
  readonly nullable: (of: AvroType) => Result
  readonly array: (items: AvroType) => Result
  readonly record: (record: AvroRecord) => Result
}

export function matchAvro<Result>(type: AvroType, cases: AvroCases<Result>): Result {
  if (typeof type === 'string') return cases.primitive(type)
  if (isNullable(type)) return cases.nullable(type[1])
  if (type.type === 'record') return cases.record(type)
  if (type.type === 'array') return cases.array(type.items)
  return cases.timestamp()
}

export function isNullable(type: AvroType): type is AvroNullable {
  return Array.isArray(type)
}

const primitives = new Set(['boolean', 'int', 'long', 'double', 'string', 'bytes'])

/**
 * Everything in a schema's parsed JSON that one of the three readers cannot read: one sentence each, with the path to the
 * field. An empty list means that the JSON is an `AvroRecord`.
 */
export function unreadable(schema: unknown, path = ''): readonly string[] {
  if (!isObject(schema) || schema.type !== 'record') return [at(path, 'a record is expected')]
  if (typeof schema.name !== 'string') return [at(path, 'the record has no name')]
  if (!Array.isArray(schema.fields)) return [at(path, 'the record has no list of fields')]
  if (schema.fields.length === 0) return [at(path, withoutFields(schema.name))]
  return [
    ...docMistakes(schema.doc, path),
    ...schema.fields.flatMap((field: unknown, index) => fieldMistakes(field, index, path)),
  ]
}

function docMistakes(doc: unknown, path: string): readonly string[] {
  return doc === undefined || typeof doc === 'string' ? [] : [at(path, 'its `doc` is no text')]
}

export function isAvroRecord(schema: unknown): schema is AvroRecord {
  return unreadable(schema).length === 0
}

function fieldMistakes(field: unknown, index: number, path: string): readonly string[] {
  if (!isObject(field) || typeof field.name !== 'string') {
    return [at(path, `field ${index} has no name`)]
  }
  const own = path === '' ? field.name : `${path}.${field.name}`
  return [...docMistakes(field.doc, own), ...typeMistakes(field.type, own)]
}

function typeMistakes(type: unknown, path: string): readonly string[] {
  if (typeof type === 'string') return primitives.has(type) ? [] : [at(path, whyNot(type))]
  if (Array.isArray(type)) return unionMistakes(type, path)
  if (!isObject(type)) return [at(path, 'the type is missing')]
  if (type.type === 'record') return unreadable(type, path)
  if (type.type === 'array') return typeMistakes(type.items, `${path}[]`)
  if (type.type === 'long' && type.logicalType === 'timestamp-millis') return []
  return [at(path, whyNot(String(type.logicalType ?? type.type)))]
}

function unionMistakes(union: readonly unknown[], path: string): readonly string[] {
  const branch = union[1]
  if (union.length !== 2 || union[0] !== 'null' || Array.isArray(branch)) {
    return [at(path, 'only ["null", type] is read by Flink and Iceberg; general unions are not')]
  }
  return typeMistakes(branch, path)
}

/** Why a record or a message must have a field. */
export function withoutFields(name: string): string {
  return `${name} has no fields: Flink's ROW and Parquet's group cannot be empty: give it one field`
}

const reasons: Readonly<Record<string, string>> = {
  'timestamp-micros': 'Flink 2.1 reads micros as millis (FLINK-39036): use timestamp-millis',
  enum: 'Flink cannot write Avro enums (FLINK-24544): use a string with a checked set',
  float: 'use double, or integer minor units for money',
}

function whyNot(type: string): string {
  const reason = reasons[type] ?? 'not in the part of Avro that Node, Flink and Iceberg read alike'
  return `type ${type}: ${reason}`
}

function at(path: string, mistake: string): string {
  return path === '' ? mistake : `${path}: ${mistake}`
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
