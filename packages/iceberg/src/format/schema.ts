/** An Iceberg schema as table metadata holds it (Iceberg spec, appendix C). Columns are identified by id, not by name. */
export type TableSchema = StructType & { readonly 'schema-id': number }

export type StructType = { readonly type: 'struct'; readonly fields: readonly Field[] }

export type Field = {
  readonly id: number
  readonly name: string
  readonly required: boolean
  readonly type: ColumnType
  readonly doc?: string
  /** Former names, only in a wanted schema: they identify the table's column after a rename. A table's own schema has none. */
  readonly aliases?: readonly string[]
}

export type ListType = {
  readonly type: 'list'
  readonly 'element-id': number
  readonly element: ColumnType
  readonly 'element-required': boolean
}

export type MapType = {
  readonly type: 'map'
  readonly 'key-id': number
  readonly key: ColumnType
  readonly 'value-id': number
  readonly value: ColumnType
  readonly 'value-required': boolean
}

/** Includes `decimal(p, s)` and `fixed[n]`, with their parameters in the text. */
export type PrimitiveType = string

export type ColumnType = PrimitiveType | StructType | ListType | MapType

/** The parameters of a `decimal(p, s)`; undefined for another type. */
export function decimalOf(
  type: PrimitiveType,
): { readonly precision: number; readonly scale: number } | undefined {
  const [, precision, scale] = /^decimal\((\d+), ?(\d+)\)$/.exec(type) ?? []
  if (precision === undefined) return undefined
  return { precision: Number(precision), scale: Number(scale) }
}

/** One function per kind of type, so that the compiler finds a forgotten kind. */
type TypeCases<Result> = {
  readonly primitive: (type: PrimitiveType) => Result
  readonly struct: (type: StructType) => Result
  readonly list: (type: ListType) => Result
  readonly map: (type: MapType) => Result
}

export function matchType<Result>(type: ColumnType, cases: TypeCases<Result>): Result {
  if (typeof type === 'string') return cases.primitive(type)
  if (type.type === 'struct') return cases.struct(type)
  if (type.type === 'list') return cases.list(type)
  return cases.map(type)
}

/** A column without children, as Parquet stores it. */
export type LeafColumn = {
  readonly id: number
  readonly path: readonly string[]
  readonly type: PrimitiveType
  /** Under a list or a map a row has any number of values, so bounds cannot prune. */
  readonly repeated: boolean
}

/** The columns without children, in the schema's order. */
export function leafColumns(schema: StructType): readonly LeafColumn[] {
  return schema.fields.flatMap((field) => leaves(field.id, [field.name], field.type, false))
}

function leaves(
  id: number,
  path: readonly string[],
  type: ColumnType,
  repeated: boolean,
): readonly LeafColumn[] {
  return matchType<readonly LeafColumn[]>(type, {
    primitive: (primitive) => [{ id, path, type: primitive, repeated }],
    struct: ({ fields }) =>
      fields.flatMap((field) => leaves(field.id, [...path, field.name], field.type, repeated)),
    list: (list) => leaves(list['element-id'], [...path, 'element'], list.element, true),
    map: (map) => [
      ...leaves(map['key-id'], [...path, 'key'], map.key, true),
      ...leaves(map['value-id'], [...path, 'value'], map.value, true),
    ],
  })
}

/** The schema as a catalogue accepts it. */
export function withoutAliases<Type extends ColumnType>(type: Type): Type
export function withoutAliases(type: ColumnType): ColumnType {
  return matchType<ColumnType>(type, {
    primitive: (primitive) => primitive,
    struct: (struct) => ({
      ...struct,
      fields: struct.fields.map(({ aliases: _aliases, ...field }) => ({
        ...field,
        type: withoutAliases(field.type),
      })),
    }),
    list: (list) => ({ ...list, element: withoutAliases(list.element) }),
    map: (map) => ({ ...map, key: withoutAliases(map.key), value: withoutAliases(map.value) }),
  })
}
