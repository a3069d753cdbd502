import { LakehouseError } from '@tenseams/iceberg/errors'
import type { Snapshot, TableMetadata } from '@tenseams/iceberg/format/metadata'
import type { StructType } from '@tenseams/iceberg/format/schema'
import type { Catalog, CommitOutcome, CommitRequest } from '@tenseams/iceberg/table/catalog'
import { ConnectionLostError, type Network } from '../world/network.ts'

type Text = Readonly<Record<string, string>>

/** An Iceberg catalogue with one table: the compare-and-set on its main branch, and what a commit changes. */
export class Catalogue {
  conflicts = 0
  #metadata: TableMetadata | undefined

  get table(): TableMetadata | undefined {
    return this.#metadata
  }

  load(): TableMetadata {
    if (this.#metadata === undefined) throw new LakehouseError('CATALOG_NOT_FOUND', 'no table')
    return this.#metadata
  }

  create(schema: StructType): TableMetadata {
    const tableSchema = { ...schema, 'schema-id': 0 }
    this.#metadata ??= Object.freeze({
      tableUuid: 'table',
      formatVersion: 2,
      location: '/lake/out',
      lastSequenceNumber: 0n,
      lastColumnId: schema.fields.length,
      schema: tableSchema,
      schemas: [tableSchema],
      defaultSpecId: 0,
      partitionSpecs: [{ 'spec-id': 0, fields: [] }],
      currentSnapshotId: null,
      snapshots: [],
      namedSnapshots: [],
      properties: {},
      metadataLocation: undefined,
      otherFiles: [],
    })
    return this.#metadata
  }

  commit({ requirements, updates }: CommitRequest): TableMetadata {
    const table = this.load()
    for (const requirement of requirements) {
      if (field(requirement, 'type') !== 'assert-ref-snapshot-id') continue
      if (field(requirement, 'snapshot-id') === table.currentSnapshotId) continue
      this.conflicts += 1
      throw new LakehouseError('CATALOG_CONFLICT', 'another commit was first')
    }
    this.#metadata = Object.freeze(updates.reduce(applied, table))
    return this.#metadata
  }
}

function applied(table: TableMetadata, update: object): TableMetadata {
  switch (field(update, 'action')) {
    case 'add-snapshot': {
      const snapshot = snapshotIn(field(update, 'snapshot') as object)
      const lastSequenceNumber = snapshot.sequenceNumber
      return { ...table, lastSequenceNumber, snapshots: [...table.snapshots, snapshot] }
    }
    case 'set-snapshot-ref':
      return { ...table, currentSnapshotId: field(update, 'snapshot-id') as bigint }
    case 'set-properties':
      return {
        ...table,
        properties: { ...table.properties, ...(field(update, 'updates') as Text) },
      }
    default:
      throw new Error(`the catalogue does not know ${JSON.stringify(update)}`)
  }
}

function snapshotIn(json: object): Snapshot {
  return {
    snapshotId: field(json, 'snapshot-id') as bigint,
    parentSnapshotId: (field(json, 'parent-snapshot-id') as bigint | undefined) ?? null,
    sequenceNumber: field(json, 'sequence-number') as bigint,
    timestampMs: 0,
    manifestList: String(field(json, 'manifest-list')),
    summary: field(json, 'summary') as Text,
  }
}

/** The parts of a request (JSON on the wire) that the catalogue reads. */
export function field(json: object, name: string): unknown {
  return Reflect.get(json, name)
}

export type CatalogPort = Pick<
  Catalog,
  'loadTable' | 'ensureNamespace' | 'ensureTable' | 'commitTable'
>

/** packages/iceberg/src/table/catalog.ts over the simulated network: no answer means that the outcome is unknown. */
export function catalogPort(network: Network, catalogue: Catalogue): CatalogPort {
  const ask = async <Value>(name: string, about: () => string, serve: () => Value) => {
    try {
      return await network.call({ server: 'catalogue', name, about, serve })
    } catch (error) {
      if (!(error instanceof ConnectionLostError)) throw error
      throw new LakehouseError('CATALOG_UNAVAILABLE', 'no answer', { cause: error })
    }
  }
  const nothing = () => ''
  return {
    loadTable: () => ask('loadTable', nothing, () => catalogue.load()),
    ensureNamespace: async () => undefined,
    ensureTable: (_table, schema) => ask('createTable', nothing, () => catalogue.create(schema)),
    commitTable: async (_table, request): Promise<CommitOutcome> => {
      try {
        const serve = () => catalogue.commit(request)
        return { kind: 'committed', metadata: await ask('commitTable', () => told(request), serve) }
      } catch (error) {
        if (!(error instanceof LakehouseError)) throw error
        const isOpen = error.code === 'CATALOG_UNAVAILABLE'
        return { kind: isOpen ? 'unknown' : 'refused', error }
      }
    },
  }
}

function told({ updates }: CommitRequest): string {
  const snapshot = updates.find((update) => field(update, 'action') === 'add-snapshot')
  if (snapshot === undefined) return 'properties only'
  const summary = field(field(snapshot, 'snapshot') as object, 'summary') as Text
  const start = summary['ten-seams.start-offsets']
  return `offsets ${start} to ${summary['ten-seams.end-offsets']}, ${summary['added-records']} rows`
}
