import type { AvroRecord, AvroType } from '@tenseams/codec/avro'
import { isNullable } from '@tenseams/codec/avro'
import { columnName } from '@tenseams/contracts/generate/iceberg'
import { currentSchema } from '@tenseams/contracts/schemas'
import type { TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { ColumnType, Field, StructType } from '@tenseams/iceberg/format/schema'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { bronzeTableOf } from '@tenseams/lakehouse-service/bronze/bronze-table'
import { TOPIC } from './sinks.ts'

/** A line of a table's `schema.name-mapping.default` (Iceberg specification, appendix C). */
export type MappedField = {
  readonly 'field-id': number
  readonly names: readonly string[]
  readonly fields?: readonly MappedField[]
}

/** The origin's columns without the schema id, which no transform of Connect provides. */
const LEFT_OUT = 'schema_id'

/** The table of Iceberg's sink: our table's columns, and the contract's names for them as a name mapping. */
export async function makeConnectTable(catalog: Catalog, table: TableIdentifier): Promise<void> {
  const { schema } = bronzeTableOf(TOPIC)
  const columns = { ...schema, fields: schema.fields.filter(({ name }) => name !== LEFT_OUT) }
  await catalog.ensureNamespace(table.namespace)
  const { schema: made } = await catalog.ensureTable(table, columns, {
    'format-version': '2',
    'write.parquet.compression-codec': 'zstd',
    'write.metadata.delete-after-commit.enabled': 'true',
    'write.metadata.previous-versions-max': '5',
  })
  // The server assigns the column ids, so the mapping comes after the table.
  const mapping = JSON.stringify(nameMappingOf(made, currentSchema(TOPIC).schema))
  const outcome = await catalog.commitTable(table, {
    requirements: [],
    updates: [{ action: 'set-properties', updates: { 'schema.name-mapping.default': mapping } }],
  })
  if (outcome.kind !== 'committed') throw outcome.error
}

/** Each column with the name of its field in the contract. */
export function nameMappingOf(columns: StructType, record: AvroRecord): readonly MappedField[] {
  return columns.fields.map((column) => {
    const field = record.fields.find(({ name }) => columnName(name) === column.name)
    return mapped(column, field?.name ?? column.name, field?.type)
  })
}

function mapped(
  { id, type }: Pick<Field, 'id' | 'type'>,
  name: string,
  from: AvroType | undefined,
): MappedField {
  const fields = childrenOf(type, from === undefined ? from : bare(from))
  return { 'field-id': id, names: [name], ...(fields.length > 0 && { fields }) }
}

function childrenOf(type: ColumnType, from: AvroType | undefined): readonly MappedField[] {
  if (typeof type === 'string' || typeof from !== 'object') return []
  if (type.type === 'struct' && 'fields' in from) return nameMappingOf(type, from)
  if (type.type === 'list' && 'items' in from) {
    return [mapped({ id: type['element-id'], type: type.element }, 'element', from.items)]
  }
  return []
}

function bare(type: AvroType): AvroType {
  return typeof type === 'object' && isNullable(type) ? type[1] : type
}
