import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Catalog, CommitOutcome } from './catalog.ts'
import type { Engine, Row } from './duckdb.ts'
import { hasCode, LakehouseError } from './errors.ts'
import type { DataFile } from './manifest.ts'
import { currentSnapshot, type TableIdentifier, type TableMetadata } from './metadata.ts'
import {
  endOffsets,
  isContiguous,
  type OffsetSpans,
  type Offsets,
  planRebase,
  readOffsets,
  startOffsets,
  writeOffsets,
} from './offsets.ts'
import { writeParquet } from './parquet.ts'
import { type PreparedSnapshot, prepareAppend } from './snapshot.ts'
import type { Storage } from './storage.ts'

/** Where the offsets stand: the property has the newest, the summaries have the chain (end of one = start of next). */
export const offsetsProperty = 'ten-seams.offsets'
export const startOffsetsSummary = 'ten-seams.start-offsets'
export const endOffsetsSummary = 'ten-seams.end-offsets'
const commitIdSummary = 'ten-seams.commit-id'

/**
 * What an append builds on: parent snapshot and offsets of the same read of the table, in one value. Never put one of
 * the two into another: with a newer parent and older offsets the compare-and-set passes and rows are doubled.
 */
export type AppendBase = { readonly metadata: TableMetadata; readonly offsets: Offsets }

export function baseOf(metadata: TableMetadata): AppendBase {
  const offsets = readOffsets(metadata.properties[offsetsProperty])
  return Object.freeze({ metadata, offsets })
}

/** The moments at which a test may end the process. */
export type AppendStep =
  | 'before-parquet'
  | 'parquet-written'
  | 'manifest-written'
  | 'before-commit'
  | 'commit-sent'
  | 'after-commit'

export type AppendPorts = {
  readonly catalog: Catalog
  readonly storage: Storage
  readonly engine: Engine
  readonly onStep?: (step: AppendStep) => Promise<void> | void
}

export type AppendBatch = {
  /** May be empty: then the offsets move alone. */
  readonly rows: readonly Row[]
  readonly spans: OffsetSpans
}

export type AppendOutcome =
  | { readonly kind: 'committed'; readonly base: AppendBase; readonly conflicts: number }
  /** Another writer was first, or the outcome stayed open. Drop the rows and read on at the new base's offsets. */
  | { readonly kind: 'overtaken'; readonly base: AppendBase; readonly conflicts: number }

/** A rebase meets another writer each time; who loses so often gives up and begins anew from the table. */
const MAX_ATTEMPTS = 5
const MAX_LOOKS = 8
const FIRST_LOOK_DELAY_MS = 100

/**
 * Appends rows and the offsets they came from in one commit: both are in the table, or neither.
 *
 * A crash before the commit leaves files that nothing refers to; after it, the next reader of the table finds the
 * offsets moved. A conflict with a writer that touched other partitions is rebased, one with the same partitions is
 * `overtaken`. After an answer that leaves the outcome open, the table is asked for the commit's id, and no file is
 * deleted whatever it says: the commit may still arrive.
 *
 * @throws LakehouseError OFFSETS_NOT_CONTIGUOUS before anything is written; CATALOG_UNAVAILABLE or STORAGE_FAILED,
 *   after which the caller must load the table anew and go on from its offsets.
 */
export async function append(
  ports: AppendPorts,
  table: TableIdentifier,
  base: AppendBase,
  batch: AppendBatch,
): Promise<AppendOutcome> {
  if (!isContiguous(base.offsets, batch.spans)) {
    throw new LakehouseError('OFFSETS_NOT_CONTIGUOUS', 'the batch does not begin at the offsets')
  }
  const files = await writeRows(ports, base.metadata, batch.rows)
  return new Attempts(ports, table, batch, files).run(base)
}

async function writeRows(
  ports: AppendPorts,
  metadata: TableMetadata,
  rows: readonly Row[],
): Promise<readonly DataFile[]> {
  assert(!metadata.partitioned, 'partitioned tables are not written yet')
  await ports.onStep?.('before-parquet')
  if (rows.length === 0) return []
  const uri = `${metadata.location}/data/${randomUUID()}.parquet`
  const file = await writeParquet(ports, { uri, schema: metadata.schema, rows })
  await ports.onStep?.('parquet-written')
  return [file]
}

/** One append's tries to commit. It remembers whether any of them is still open. */
class Attempts {
  readonly #ports: AppendPorts
  readonly #table: TableIdentifier
  readonly #batch: AppendBatch
  readonly #files: readonly DataFile[]
  readonly #commitId = randomUUID()
  #open = false
  #conflicts = 0
  /** Metadata files of a refused try. They stay until the table says that it does not name them. */
  #refusedFiles: readonly string[] = []

  constructor(
    ports: AppendPorts,
    table: TableIdentifier,
    batch: AppendBatch,
    files: readonly DataFile[],
  ) {
    this.#ports = ports
    this.#table = table
    this.#batch = batch
    this.#files = files
  }

  async run(first: AppendBase): Promise<AppendOutcome> {
    let base = first
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const outcome = await this.#try(base)
      if (outcome.kind === 'committed') return this.#committed(outcome.metadata)
      const metadata = await this.#look()
      if (this.#isIn(metadata)) return this.#committed(metadata)
      await this.#discard(this.#refusedFiles)
      base = baseOf(metadata)
      if (planRebase(base.offsets, this.#batch.spans) === 'overtaken') break
    }
    await this.#discard(this.#files.map((file) => file.file_path))
    return { kind: 'overtaken', base, conflicts: this.#conflicts }
  }

  async #try({ metadata, offsets }: AppendBase): Promise<CommitOutcome> {
    const { storage, onStep } = this.#ports
    const snapshotId = newSnapshotId()
    const prepared = await prepareAppend(storage, metadata, this.#files, snapshotId, async () => {
      await onStep?.('manifest-written')
    })
    await onStep?.('before-commit')
    const request = commitRequest(
      metadata,
      prepared,
      this.#summary(metadata, offsets),
      endOffsets(offsets, this.#batch.spans),
    )
    const answer = this.#ports.catalog.commitTable(this.#table, request)
    await onStep?.('commit-sent')
    const outcome = await answer
    if (outcome.kind === 'unknown') this.#open = true
    if (outcome.kind === 'refused') await this.#refused(outcome.error, prepared)
    return outcome
  }

  /**
   * A conflict is the game's rule; any other refusal is not made good by another try. Nor is a conflict proof that this
   * commit is not in the table: something on the way may have sent the request twice, and we hear of the second.
   */
  async #refused(error: LakehouseError, prepared: PreparedSnapshot): Promise<void> {
    this.#conflicts++
    if (hasCode(error, 'CATALOG_CONFLICT')) {
      this.#refusedFiles = prepared.files
      return
    }
    await this.#discard([...prepared.files, ...this.#files.map((file) => file.file_path)])
    throw error
  }

  async #committed(metadata: TableMetadata): Promise<AppendOutcome> {
    await this.#ports.onStep?.('after-commit')
    return { kind: 'committed', base: baseOf(metadata), conflicts: this.#conflicts }
  }

  /** Only definite refusals allow it: a file that a late commit names must stay. */
  async #discard(files: readonly string[]): Promise<void> {
    if (this.#open) return
    await Promise.all(files.map((file) => this.#ports.storage.remove(file)))
  }

  /** Reads the table; an outage is waited for, up to about ten seconds. */
  async #look(): Promise<TableMetadata> {
    for (let look = 1; ; look++) {
      try {
        return await this.#ports.catalog.loadTable(this.#table)
      } catch (error) {
        if (look === MAX_LOOKS || !hasCode(error, 'CATALOG_UNAVAILABLE')) throw error
        await delay(Math.min(2_000, FIRST_LOOK_DELAY_MS * 2 ** look))
      }
    }
  }

  #isIn(metadata: TableMetadata): boolean {
    return metadata.snapshots.some(({ summary }) => summary[commitIdSummary] === this.#commitId)
  }

  #summary(metadata: TableMetadata, offsets: Offsets): Readonly<Record<string, string>> {
    return {
      ...totals(metadata, this.#files),
      [startOffsetsSummary]: writeOffsets(startOffsets(offsets, this.#batch.spans)),
      [endOffsetsSummary]: writeOffsets(endOffsets(offsets, this.#batch.spans)),
      [commitIdSummary]: this.#commitId,
    }
  }
}

function commitRequest(
  metadata: TableMetadata,
  prepared: PreparedSnapshot,
  summary: Readonly<Record<string, string>>,
  offsets: Offsets,
) {
  const parent = metadata.currentSnapshotId
  const snapshot = {
    'snapshot-id': prepared.snapshotId,
    ...(parent !== null && { 'parent-snapshot-id': parent }),
    'sequence-number': prepared.sequenceNumber,
    'timestamp-ms': Date.now(),
    'manifest-list': prepared.manifestList,
    'schema-id': metadata.schema['schema-id'],
    summary: { operation: 'append', ...summary },
  }
  return {
    requirements: [
      { type: 'assert-table-uuid', uuid: metadata.tableUuid },
      { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': parent },
    ],
    updates: [
      { action: 'add-snapshot', snapshot },
      {
        action: 'set-snapshot-ref',
        'ref-name': 'main',
        type: 'branch',
        'snapshot-id': prepared.snapshotId,
      },
      { action: 'set-properties', updates: { [offsetsProperty]: writeOffsets(offsets) } },
    ],
  }
}

function totals(metadata: TableMetadata, files: readonly DataFile[]) {
  const before = currentSnapshot(metadata)?.summary ?? {}
  const rows = files.reduce((sum, file) => sum + file.record_count, 0n)
  const bytes = files.reduce((sum, file) => sum + file.file_size_in_bytes, 0n)
  const sum = (name: string, added: bigint): string => String(BigInt(before[name] ?? '0') + added)
  return {
    'added-data-files': String(files.length),
    'added-records': String(rows),
    'added-files-size': String(bytes),
    'total-data-files': sum('total-data-files', BigInt(files.length)),
    'total-records': sum('total-records', rows),
    'total-files-size': sum('total-files-size', bytes),
    'total-delete-files': sum('total-delete-files', 0n),
    'total-position-deletes': sum('total-position-deletes', 0n),
    'total-equality-deletes': sum('total-equality-deletes', 0n),
  }
}

/** A positive int64, as Java engines choose it. */
function newSnapshotId(): bigint {
  return randomBytes(8).readBigInt64BE() & 0x7fff_ffff_ffff_ffffn
}
