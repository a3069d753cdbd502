import { LakehouseError } from '../errors.ts'
import type { PartitionSpec, TableMetadata } from './metadata.ts'
import type { Row, Value } from './row.ts'
import { type Field, matchType, type PrimitiveType, type StructType } from './schema.ts'
import { type Transform, transformOf } from './transforms.ts'

/** A field of a spec, with the column it is derived from. */
export type PartitionColumn = {
  readonly id: number
  readonly name: string
  readonly transform: Transform
  /** Field names from the top of the schema to the column. */
  readonly path: readonly string[]
}

/** A partition's values, by the names that the spec's fields have in manifests (`avroName`). */
export type Partition = Readonly<Record<string, Value>>

/** @throws LakehouseError CATALOG_ANSWER_UNREADABLE when the table has no such spec. */
export function specOf(metadata: TableMetadata, specId: number): PartitionSpec {
  const spec = metadata.partitionSpecs.find((candidate) => candidate['spec-id'] === specId)
  if (spec !== undefined) return spec
  throw new LakehouseError('CATALOG_ANSWER_UNREADABLE', `the table has no partition spec ${specId}`)
}

/**
 * The fields of a spec with their columns, including columns that a newer schema no longer has.
 *
 * @throws LakehouseError FORMAT_UNSUPPORTED for an unknown transform.
 */
export function partitionColumns(
  metadata: TableMetadata,
  specId: number,
): readonly PartitionColumn[] {
  return specOf(metadata, specId).fields.map((field) => {
    const source = [metadata.schema, ...metadata.schemas]
      .map((schema) => columnById(schema, field['source-id']))
      .find((column) => column !== undefined)
    if (source === undefined) {
      const message = `partition field ${field.name} is of an unknown column`
      throw new LakehouseError('FORMAT_UNSUPPORTED', message)
    }
    const transform = transformOf(field.transform, source.type)
    return { id: field['field-id'], name: field.name, transform, path: source.path }
  })
}

/** The partition that a row belongs to. */
export function partitionOf(columns: readonly PartitionColumn[], row: Row): Partition {
  return Object.fromEntries(
    columns.map(({ name, transform, path }) => [
      avroName(name),
      transform.apply(valueAt(row, path)),
    ]),
  )
}

/** A partition as folders, `name=value/…`, as other engines write it; empty for an unpartitioned table. */
export function partitionPath(columns: readonly PartitionColumn[], partition: Partition): string {
  return columns
    .map(
      ({ name }) =>
        `${encodeURIComponent(name)}=${encodeURIComponent(textOf(partition[avroName(name)]))}/`,
    )
    .join('')
}

function textOf(value: Value | undefined): string {
  if (value === null || value === undefined) return 'null'
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)
}

function valueAt(row: Row, path: readonly string[]): Value {
  let value: Value | undefined = row
  for (const name of path) value = (value as Row | null | undefined)?.[name]
  return value ?? null
}

function columnById(
  schema: StructType,
  id: number,
): { readonly path: readonly string[]; readonly type: PrimitiveType } | undefined {
  for (const field of schema.fields) {
    const found = inField(field, id)
    if (found !== undefined) return found
  }
  return undefined
}

/** A partition field needs a value that each row has once, so not one in a list or a map. */
function inField(field: Field, id: number): ReturnType<typeof columnById> {
  return matchType<ReturnType<typeof columnById>>(field.type, {
    primitive: (type) => (field.id === id ? { path: [field.name], type } : undefined),
    struct: (struct) => {
      const found = columnById(struct, id)
      return found && { ...found, path: [field.name, ...found.path] }
    },
    list: () => undefined,
    map: () => undefined,
  })
}

/** Escapes a name for Avro as Iceberg does. */
export function avroName(name: string): string {
  const safe = name.replaceAll(
    /[^A-Za-z0-9_]/g,
    (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return /^\d/.test(safe) ? `_${safe}` : safe
}
