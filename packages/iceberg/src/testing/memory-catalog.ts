import { LakehouseError } from '../errors.ts'
import { writeJson } from '../format/json.ts'
import {
  fullName,
  parseMetadata,
  type TableIdentifier,
  type TableMetadata,
} from '../format/metadata.ts'
import type { StructType } from '../format/schema.ts'
import type { Catalog, CommitOutcome, CommitRequest } from '../table/catalog.ts'
import { newSpec, type Partitioning } from '../table/new-spec.ts'

type Json = Readonly<Record<string, unknown>>

/** A catalogue in memory, as Iceberg's REST server: metadata as JSON, compare-and-set, all updates or none. For unit tests. */
export class MemoryCatalog {
  readonly #tables = new Map<string, { readonly table: TableIdentifier; json: Json }>()
  readonly #location: (table: TableIdentifier) => string

  constructor(location = (table: TableIdentifier): string => `memory:/${fullName(table)}`) {
    this.#location = location
  }

  /** As the library's client of a server. */
  get client(): Catalog {
    // A port of the same methods; the class has private fields.
    return this as unknown as Catalog
  }

  /** The size of the table's metadata file, which every commit reads and writes. */
  metadataBytes(table: TableIdentifier): number {
    return writeJson(this.#find(table).json).length
  }

  /** A namespace is there when it has a table. */
  ensureNamespace(): Promise<void> {
    return Promise.resolve()
  }

  async listNamespaces(): Promise<readonly string[]> {
    return [...new Set([...this.#tables.values()].map(({ table }) => table.namespace))]
  }

  async listTables(namespace: string): Promise<readonly TableIdentifier[]> {
    const tables = [...this.#tables.values()].map(({ table }) => table)
    return tables.filter((table) => table.namespace === namespace)
  }

  async loadTable(table: TableIdentifier): Promise<TableMetadata> {
    return parseMetadata(this.#find(table).json)
  }

  async ensureTable(
    table: TableIdentifier,
    schema: StructType,
    properties: Readonly<Record<string, string>>,
    partitioning: readonly Partitioning[] = [],
  ): Promise<TableMetadata> {
    const { fields } = newSpec(schema, partitioning)
    const json = {
      'table-uuid': fullName(table),
      'format-version': 2,
      location: this.#location(table),
      'last-sequence-number': 0,
      'last-column-id': 1_000,
      schemas: [{ ...schema, 'schema-id': 0 }],
      'current-schema-id': 0,
      'partition-specs': [{ 'spec-id': 0, fields }],
      'default-spec-id': 0,
      ...{ 'current-snapshot-id': -1, snapshots: [], 'snapshot-log': [], properties, refs: {} },
    }
    const name = fullName(table)
    if (!this.#tables.has(name)) this.#tables.set(name, { table, json })
    return this.loadTable(table)
  }

  async commitTable(table: TableIdentifier, request: CommitRequest): Promise<CommitOutcome> {
    const found = this.#find(table)
    const json = request.updates.reduce<Json>(
      (before, update) => applied(before, update as Json),
      found.json,
    )
    if (!request.requirements.every((one) => holds(found.json, one as Json))) {
      const error = new LakehouseError('CATALOG_CONFLICT', 'another commit was first')
      return { kind: 'refused', error }
    }
    found.json = json
    return { kind: 'committed', metadata: await this.loadTable(table) }
  }

  #find(table: TableIdentifier) {
    const found = this.#tables.get(fullName(table))
    if (found !== undefined) return found
    throw new LakehouseError('CATALOG_NOT_FOUND', `no table ${fullName(table)}`)
  }
}

function holds(json: Json, requirement: Json): boolean {
  const current = json['current-snapshot-id'] === -1 ? null : json['current-snapshot-id']
  if (requirement.type === 'assert-ref-snapshot-id') return requirement['snapshot-id'] === current
  if (requirement.type === 'assert-current-schema-id') {
    return requirement['current-schema-id'] === json['current-schema-id']
  }
  return true
}

type SnapshotJson = { readonly 'snapshot-id': bigint }

function applied(json: Json, update: Json): Json {
  const snapshots = json.snapshots as readonly SnapshotJson[]
  const log = json['snapshot-log'] as readonly SnapshotJson[]
  switch (update.action) {
    case 'add-snapshot': {
      const snapshot = update.snapshot as Json & SnapshotJson
      const sequence = snapshot['sequence-number']
      return { ...json, snapshots: [...snapshots, snapshot], 'last-sequence-number': sequence }
    }
    case 'set-snapshot-ref': {
      const id = update['snapshot-id'] as bigint
      const entry = { 'snapshot-id': id, 'timestamp-ms': Date.now() }
      const refs = { main: { type: 'branch', 'snapshot-id': id } }
      return { ...json, refs, 'current-snapshot-id': id, 'snapshot-log': [...log, entry] }
    }
    case 'remove-snapshots': {
      const gone = new Set(update['snapshot-ids'] as readonly bigint[])
      const isKept = (one: SnapshotJson) => !gone.has(one['snapshot-id'])
      return { ...json, snapshots: snapshots.filter(isKept), 'snapshot-log': log.filter(isKept) }
    }
    case 'set-properties':
      return { ...json, properties: { ...(json.properties as Json), ...(update.updates as Json) } }
    case 'add-schema': {
      const schemas = json.schemas as readonly Json[]
      return {
        ...json,
        schemas: [...schemas, { ...(update.schema as Json), 'schema-id': schemas.length }],
      }
    }
    case 'set-current-schema':
      return { ...json, 'current-schema-id': (json.schemas as readonly Json[]).length - 1 }
    default:
      throw new Error(`the catalogue does not know ${String(update.action)}`)
  }
}
