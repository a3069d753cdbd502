import type { Catalog } from './catalog.ts'
import { LakehouseError } from './errors.ts'
import type { TableIdentifier, TableMetadata } from './metadata.ts'
import { type ColumnType, type Field, matchType, type StructType } from './schema.ts'

/**
 * The table's schema with the columns that `wanted` has besides. Columns are found by their place (names from the
 * top); a known one keeps its id, type and place in the order, a new one gets an id above all that ever were and is
 * optional, because older files lack it. A column that `wanted` lacks stays.
 *
 * @returns undefined when nothing is missing.
 * @throws LakehouseError FORMAT_UNSUPPORTED when a column would change its type.
 */
export function planAdditions(
  current: StructType,
  wanted: StructType,
  lastColumnId: number,
): { readonly schema: StructType; readonly lastColumnId: number } | undefined {
  const ids = new Ids(lastColumnId)
  const schema = addFields(current, wanted, ids, '')
  return ids.last === lastColumnId ? undefined : { schema, lastColumnId: ids.last }
}

/**
 * Adds the missing columns to the table, as a compare-and-set of its own. Of two processes that try, one wins and the
 * other finds the columns there; a table that conflicts again and again is given up.
 *
 * @throws LakehouseError CATALOG_CONFLICT, CATALOG_UNAVAILABLE and others: load again and retry.
 */
export async function ensureColumns(
  catalog: Catalog,
  table: TableIdentifier,
  metadata: TableMetadata,
  wanted: StructType,
): Promise<TableMetadata> {
  const plan = planAdditions(metadata.schema, wanted, metadata.lastColumnId)
  if (plan === undefined) return metadata
  const outcome = await catalog.commitTable(table, {
    requirements: [
      { type: 'assert-table-uuid', uuid: metadata.tableUuid },
      { type: 'assert-current-schema-id', 'current-schema-id': metadata.schema['schema-id'] },
      { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': metadata.lastColumnId },
    ],
    updates: [
      { action: 'add-schema', schema: plan.schema, 'last-column-id': plan.lastColumnId },
      { action: 'set-current-schema', 'schema-id': -1 },
    ],
  })
  if (outcome.kind !== 'committed') throw outcome.error
  return outcome.metadata
}

class Ids {
  last: number

  constructor(last: number) {
    this.last = last
  }

  next(): number {
    this.last += 1
    return this.last
  }
}

function addFields(current: StructType, wanted: StructType, ids: Ids, path: string): StructType {
  const kept = current.fields.map((field) => {
    const change = wanted.fields.find(({ name }) => name === field.name)
    if (change === undefined) return field
    return { ...field, type: addTypes(field.type, change.type, ids, `${path}${field.name}`) }
  })
  const known = new Set(current.fields.map(({ name }) => name))
  const added = wanted.fields
    .filter(({ name }) => !known.has(name))
    .map((field) => newField(field, ids))
  return { type: 'struct', fields: [...kept, ...added] }
}

function addTypes(current: ColumnType, wanted: ColumnType, ids: Ids, path: string): ColumnType {
  if (typeof current === 'string' || typeof wanted === 'string') {
    if (current === wanted) return current
    throw changed(path)
  }
  if (current.type === 'struct' && wanted.type === 'struct') {
    return addFields(current, wanted, ids, `${path}.`)
  }
  if (current.type === 'list' && wanted.type === 'list') {
    return { ...current, element: addTypes(current.element, wanted.element, ids, `${path}[]`) }
  }
  throw changed(path)
}

function newField(field: Field, ids: Ids): Field {
  const id = ids.next()
  return { ...field, id, required: false, type: withNewIds(field.type, ids) }
}

function withNewIds(type: ColumnType, ids: Ids): ColumnType {
  return matchType<ColumnType>(type, {
    primitive: (primitive) => primitive,
    struct: ({ fields }) => ({
      type: 'struct',
      fields: fields.map((field) => ({
        ...field,
        id: ids.next(),
        type: withNewIds(field.type, ids),
      })),
    }),
    list: (list) => ({
      ...list,
      'element-id': ids.next(),
      element: withNewIds(list.element, ids),
    }),
    map: (map) => ({
      ...map,
      'key-id': ids.next(),
      'value-id': ids.next(),
      key: withNewIds(map.key, ids),
      value: withNewIds(map.value, ids),
    }),
  })
}

function changed(path: string): LakehouseError {
  return new LakehouseError('FORMAT_UNSUPPORTED', `column ${path} would change its type`)
}
