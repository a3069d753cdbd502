import type { CommitRequest } from '@tenseams/iceberg/table/catalog'
import { type CatalogPort, field } from '../servers/catalogue.ts'

const ATTEMPTS = 5

export function commitOnNewerParent(catalog: CatalogPort): CatalogPort {
  return {
    ...catalog,
    commitTable: async (table, request) => {
      const { currentSnapshotId } = await catalog.loadTable(table)
      return catalog.commitTable(table, onParent(request, currentSnapshotId))
    },
  }
}

export function commitAgainUnseen(catalog: CatalogPort): CatalogPort {
  return {
    ...catalog,
    commitTable: async (table, request) => {
      let outcome = await catalog.commitTable(table, request)
      for (let attempt = 1; attempt < ATTEMPTS && outcome.kind === 'unknown'; attempt++) {
        const { currentSnapshotId } = await catalog.loadTable(table)
        outcome = await catalog.commitTable(table, onParent(request, currentSnapshotId))
      }
      return outcome
    },
  }
}

export function commitOffsetsBeside(catalog: CatalogPort): CatalogPort {
  return {
    ...catalog,
    commitTable: async (table, { requirements, updates }) => {
      const isOffsets = (update: object) => field(update, 'action') === 'set-properties'
      const rows = updates.filter((update) => !isOffsets(update))
      const outcome = await catalog.commitTable(table, { requirements, updates: rows })
      if (outcome.kind !== 'committed') return outcome
      return catalog.commitTable(table, { requirements: [], updates: updates.filter(isOffsets) })
    },
  }
}

function onParent(request: CommitRequest, parent: bigint | null): CommitRequest {
  const requirements = request.requirements.map((requirement) =>
    field(requirement, 'type') === 'assert-ref-snapshot-id'
      ? { ...requirement, 'snapshot-id': parent }
      : requirement,
  )
  return { ...request, requirements }
}
