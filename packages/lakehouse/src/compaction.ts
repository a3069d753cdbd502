import { randomUUID } from 'node:crypto'
import type { AppendPorts } from './append.ts'
import type { ChangeOutcome } from './commit.ts'
import type { DataFile } from './manifest.ts'
import type { TableIdentifier, TableMetadata } from './metadata.ts'
import { writeParquetFrom } from './parquet.ts'
import { replaceFiles } from './replace.ts'
import { scanSql } from './scan-sql.ts'
import { areLive, type LiveFile, liveFiles } from './snapshot.ts'

export type CompactionPolicy = {
  /** How large a file should become; files of at least three quarters of it are left alone. */
  readonly targetBytes: bigint
  /** Fewer small files of a partition than that are not worth it. */
  readonly leastFiles: number
  /** The most that is read in one go. */
  readonly mostBytes: bigint
}

/**
 * Which files to put together: small ones of one partition, in the table's order, up to the target's size each.
 * Files of older partition specs are left as they are.
 */
export function planCompaction(
  files: readonly LiveFile[],
  specId: number,
  { targetBytes, leastFiles, mostBytes }: CompactionPolicy,
): readonly (readonly DataFile[])[] {
  const groups: DataFile[][] = []
  const open = new Map<string, { readonly group: DataFile[]; bytes: bigint }>()
  let budget = mostBytes
  for (const { file, specId: writtenBy } of files) {
    const bytes = file.file_size_in_bytes
    if (writtenBy !== specId || bytes * 4n >= targetBytes * 3n || bytes > budget) continue
    budget -= bytes
    const partition = partitionText(file)
    const known = open.get(partition)
    if (known !== undefined && known.bytes + bytes <= targetBytes) {
      known.group.push(file)
      known.bytes += bytes
      continue
    }
    const group = [file]
    groups.push(group)
    open.set(partition, { group, bytes })
  }
  return groups.filter((group) => group.length >= leastFiles)
}

/**
 * Puts small files together, one commit a group, so that a crash or a conflict loses one group's work.
 *
 * @returns the outcome of each group that was still there; `overtaken` ones are for the next time.
 */
export async function compact(
  ports: AppendPorts,
  table: TableIdentifier,
  first: TableMetadata,
  policy: CompactionPolicy,
): Promise<readonly ChangeOutcome[]> {
  const groups = planCompaction(await liveFiles(ports.storage, first), first.defaultSpecId, policy)
  const outcomes: ChangeOutcome[] = []
  let metadata = first
  for (const remove of groups) {
    // Whoever overtook one group may have put the others together, too, or partitioned the table anew.
    if (metadata.defaultSpecId !== first.defaultSpecId) break
    if (!(await areLive(ports.storage, metadata, remove))) continue
    const add = [await rewrite(ports, metadata, remove)]
    const outcome = await replaceFiles(ports, table, metadata, { remove, add })
    outcomes.push(outcome)
    metadata = outcome.metadata
  }
  return outcomes
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
