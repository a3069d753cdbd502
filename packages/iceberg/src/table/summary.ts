import type { DataFile } from '../format/manifest.ts'
import { currentSnapshot, type TableMetadata } from '../format/metadata.ts'

/** The counts in a snapshot's summary (Iceberg spec, appendix F): added, removed, and the totals afterwards. */
export function summaryOf(
  metadata: TableMetadata,
  {
    added,
    removed,
  }: { readonly added: readonly DataFile[]; readonly removed: readonly DataFile[] },
): Readonly<Record<string, string>> {
  const before = currentSnapshot(metadata)?.summary ?? {}
  const total = (name: string, change: bigint) => ({
    [`total-${name}`]: String(BigInt(before[`total-${name}`] ?? '0') + change),
  })
  const [came, went] = [figuresOf(added), figuresOf(removed)]
  return {
    ...counts('added', came),
    ...(removed.length > 0 && {
      'deleted-data-files': String(went.files),
      'deleted-records': String(went.records),
      'removed-files-size': String(went.bytes),
    }),
    ...total('data-files', came.files - went.files),
    ...total('records', came.records - went.records),
    ...total('files-size', came.bytes - went.bytes),
    ...total('delete-files', 0n),
    ...total('position-deletes', 0n),
    ...total('equality-deletes', 0n),
  }
}

type Figures = { readonly files: bigint; readonly records: bigint; readonly bytes: bigint }

function figuresOf(files: readonly DataFile[]): Figures {
  return {
    files: BigInt(files.length),
    records: files.reduce((sum, file) => sum + file.record_count, 0n),
    bytes: files.reduce((sum, file) => sum + file.file_size_in_bytes, 0n),
  }
}

function counts(prefix: string, { files, records, bytes }: Figures) {
  return {
    [`${prefix}-data-files`]: String(files),
    [`${prefix}-records`]: String(records),
    [`${prefix}-files-size`]: String(bytes),
  }
}
