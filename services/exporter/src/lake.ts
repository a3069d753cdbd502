import { currentSnapshot, fullName, type TableMetadata } from '@tenseams/iceberg/format/metadata'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { loadTables } from '@tenseams/iceberg/table/list-tables'
import type { Sample, Source } from './source.ts'

/** The lake as a reader sees it: by the tables' metadata, whoever writes them. */
export function lakeSource(
  catalog: Pick<Catalog, 'listNamespaces' | 'listTables' | 'loadTable'>,
  keptMs: number,
): Source {
  return {
    name: 'lake',
    gauges: [
      'tenseams_lake_last_commit_timestamp_seconds',
      'tenseams_lake_snapshots',
      'tenseams_lake_data_files',
      'tenseams_lake_data_bytes',
    ],
    keptMs,
    ask: async (signal) => {
      const samples: Sample[] = []
      for await (const { table, metadata } of loadTables(catalog)) {
        signal.throwIfAborted()
        samples.push(...samplesOf(fullName(table), metadata))
      }
      return samples
    },
  }
}

/** A table without a snapshot has no time of a commit yet. */
export function samplesOf(
  table: string,
  metadata: Pick<TableMetadata, 'snapshots' | 'currentSnapshotId'>,
): readonly Sample[] {
  const snapshot = currentSnapshot(metadata)
  const total = (name: string) => Number(snapshot?.summary[name] ?? 0)
  return [
    ['tenseams_lake_snapshots', { table }, metadata.snapshots.length],
    ['tenseams_lake_data_files', { table }, total('total-data-files')],
    ['tenseams_lake_data_bytes', { table }, total('total-files-size')],
    ...(snapshot === undefined
      ? []
      : ([
          ['tenseams_lake_last_commit_timestamp_seconds', { table }, snapshot.timestampMs / 1_000],
        ] as const)),
  ]
}
