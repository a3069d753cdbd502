import { randomUUID } from 'node:crypto'
import { LakehouseError } from '../errors.ts'
import type { DataFile } from '../format/manifest.ts'
import type { TableIdentifier, TableMetadata } from '../format/metadata.ts'
import { assertExplained } from '../offsets/explained.ts'
import { assertReadable } from '../read/scan.ts'
import { scanSql } from '../read/scan-sql.ts'
import type { ChangeOutcome } from '../table/commit.ts'
import { areLive, currentManifests, type LiveFile, liveFiles } from '../table/snapshot.ts'
import type { AppendPorts } from '../write/append.ts'
import { writeParquetFrom } from '../write/parquet.ts'
import { replaceFiles } from '../write/replace.ts'

export type CompactionPolicy = {
  /** The wanted size of a file; files of at least three quarters of it are left alone. */
  readonly targetBytes: bigint
  /** A group of fewer small files of one size class and partition is left alone. */
  readonly leastFiles: number
  /** The most that one call reads; the rest is left for the next call. */
  readonly mostBytes: bigint
}

/** The result for one group of files. */
export type CompactionOutcome = ChangeOutcome & {
  /** Number and total size of the files read. */
  readonly files: number
  readonly bytes: bigint
}

/** The ratio between two size classes. */
const CLASS_FACTOR = 8n
const SIZE_CLASSES = 4

/**
 * Groups the files to compact: small files of one partition and one size class, in the table's order, up to the target size.
 * Because of the classes no row is rewritten more often than there are classes, however slowly a table grows. Each group
 * leaves fewer files, so repeating until there is no plan ends. Files of older partition specs are left alone.
 */
export function planCompaction(
  files: readonly LiveFile[],
  specId: number,
  policy: CompactionPolicy,
): readonly (readonly DataFile[])[] {
  const chosen: (readonly DataFile[])[] = []
  let budget = policy.mostBytes
  for (const { files: group, bytes } of groupsOf(files, specId, policy)) {
    if (group.length < policy.leastFiles || bytes > budget) continue
    budget -= bytes
    chosen.push(group)
  }
  return chosen
}

type Group = { readonly files: DataFile[]; bytes: bigint }

function groupsOf(
  files: readonly LiveFile[],
  specId: number,
  { targetBytes, mostBytes }: CompactionPolicy,
): readonly Group[] {
  const groups: Group[] = []
  const open = new Map<string, Group>()
  const largest = targetBytes < mostBytes ? targetBytes : mostBytes
  for (const { file, specId: writtenBy } of files) {
    const bytes = file.file_size_in_bytes
    if (writtenBy !== specId || bytes * 4n >= targetBytes * 3n) continue
    const key = `${sizeClass(bytes, targetBytes)} ${partitionText(file)}`
    const known = open.get(key)
    if (known !== undefined && known.bytes + bytes <= largest) {
      known.files.push(file)
      known.bytes += bytes
      continue
    }
    const group = { files: [file], bytes }
    groups.push(group)
    open.set(key, group)
  }
  return groups
}

/** 0 for the largest files; all very small ones are in the last class. */
function sizeClass(bytes: bigint, targetBytes: bigint): number {
  let size = 0
  let limit = targetBytes / CLASS_FACTOR
  for (; size < SIZE_CLASSES - 1 && bytes < limit; limit /= CLASS_FACTOR) size++
  return size
}

/**
 * Compacts small files, one commit per group, so that a crash or a conflict costs the work of one group: it leaves files that
 * nothing refers to, and loses no row.
 *
 * @param signal stops it between two groups.
 * @returns the outcome of each group whose files were still there; `overtaken` groups are left for the next call.
 * @throws LakehouseError FORMAT_UNSUPPORTED for a table with delete files: the rows that they delete would come back.
 *   ROWS_UNEXPLAINED for one in which another program's rows would be mixed with those of the log.
 */
export async function compact(
  ports: AppendPorts,
  table: TableIdentifier,
  first: TableMetadata,
  policy: CompactionPolicy,
  signal?: AbortSignal,
): Promise<readonly CompactionOutcome[]> {
  await assertNoDeletes(ports, first)
  const groups = planCompaction(await liveFiles(ports.storage, first), first.defaultSpecId, policy)
  for (const file of groups.flat()) assertReadable(file)
  const outcomes: CompactionOutcome[] = []
  let metadata = first
  for (const remove of groups) {
    // The writer that overtook one group may also have compacted the others, or changed the partitioning.
    if (signal?.aborted === true || metadata.defaultSpecId !== first.defaultSpecId) break
    assertExplained(table, metadata)
    if (!(await areLive(ports.storage, metadata, remove))) continue
    await assertNoDeletes(ports, metadata)
    const begunMs = Date.now()
    const add = [await rewrite(ports, metadata, remove)]
    const outcome = await replaceFiles(ports, table, metadata, { remove, add, begunMs })
    const bytes = remove.reduce((sum, file) => sum + file.file_size_in_bytes, 0n)
    outcomes.push({ ...outcome, files: remove.length, bytes })
    metadata = outcome.metadata
  }
  return outcomes
}

async function assertNoDeletes(
  { storage }: Pick<AppendPorts, 'storage'>,
  metadata: TableMetadata,
): Promise<void> {
  const lines = await currentManifests(storage, metadata)
  if (lines.every(({ content }) => content === 0)) return
  throw new LakehouseError('FORMAT_UNSUPPORTED', `${metadata.location} has delete files`)
}

async function rewrite(
  ports: AppendPorts,
  metadata: TableMetadata,
  files: readonly DataFile[],
): Promise<DataFile> {
  await ports.onStep?.('before-parquet')
  const sql = await scanSql(ports, { files }, metadata.schema)
  const folder = files[0]?.file_path.replace(/\/[^/]*$/, '') ?? `${metadata.location}/data`
  const uri = `${folder}/${randomUUID()}.parquet`
  const written = await writeParquetFrom(ports, { uri, schema: metadata.schema, sql })
  await ports.onStep?.('parquet-written')
  return { ...written, partition: files[0]?.partition ?? {} }
}

function partitionText({ partition }: DataFile): string {
  return JSON.stringify(partition, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
}
