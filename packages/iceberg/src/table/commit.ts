import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { backoffMs } from '@tenseams/service/backoff'
import { hasCode, type LakehouseError } from '../errors.ts'
import type { DataFile } from '../format/manifest.ts'
import type { TableIdentifier, TableMetadata } from '../format/metadata.ts'
import type { Storage } from '../storage.ts'
import type { Catalog, CommitOutcome } from './catalog.ts'
import { snapshotsSince } from './history.ts'
import { newSnapshotId, type PreparedSnapshot, prepareSnapshot } from './snapshot.ts'
import { summaryOf } from './summary.ts'

/** The summary entry by which a writer recognises its own commit. */
const commitIdSummary = 'ten-seams.commit-id'

/** The steps of a commit at which a test may kill the process. */
export type CommitStep =
  | 'manifest-written'
  | 'log-written'
  | 'before-commit'
  | 'commit-sent'
  | 'after-commit'

export type CommitPorts = {
  readonly catalog: Catalog
  readonly storage: Storage
  readonly onStep?: (step: CommitStep) => Promise<void> | void
}

/** The summary and properties of a change, for one state of the table. */
export type Amendment = {
  readonly summary: Readonly<Record<string, string>>
  readonly properties: Readonly<Record<string, string>>
}

/** The ids of one attempt. */
export type Attempt = { readonly commitId: string; readonly snapshotId: bigint }

/**
 * A change to a table: files to add and to remove, with summary and properties. Its data files are already durable, written
 * with the default partition spec of the state that the change is made for.
 */
export type Change = {
  readonly operation: 'append' | 'overwrite' | 'replace'
  readonly added: readonly DataFile[]
  readonly removed: readonly DataFile[]
  /** When its first file may have been written. The change is given up `longestChangeMs` after that. */
  readonly begunMs: number
  /**
   * True when the change may be committed on a newer state of the table than the one it was made for. Asked after each
   * conflict; `false` gives the change up.
   */
  readonly fits: (metadata: TableMetadata) => Promise<boolean> | boolean
  /** Called once per attempt. It must use this one `metadata` only: that makes the compare-and-set safe. */
  readonly amend: (metadata: TableMetadata, attempt: Attempt) => Promise<Amendment> | Amendment
}

export type ChangeOutcome = {
  readonly kind: 'committed' | 'overtaken'
  readonly metadata: TableMetadata
  readonly conflicts: number
}

/**
 * The age at which a change is given up: after it no commit is sent, and the caller starts again from the table. So no
 * writer still needs a file that nothing refers to and that is older than this plus a margin: the removal of orphans
 * depends on that. It is far longer than the attempts and reads of a change can take by their own limits.
 */
export const longestChangeMs = 900_000

/** After so many lost conflicts a change is given up, and the caller starts again from the table. */
const MAX_ATTEMPTS = 5
const MAX_LOOKS = 10
const LOOK_AGAIN = { firstMs: 200, longestMs: 2_000 }

/**
 * Commits a change. `overtaken`: another writer was first, or the change has become too old; its data files are then
 * deleted if that is safe. After a response that leaves the outcome unknown, the table is searched for the commit's id, and
 * from then on no file is deleted, even if the id is not found: the commit may still arrive.
 *
 * @throws LakehouseError CATALOG_UNAVAILABLE or STORAGE_FAILED, after which the caller must load the table again.
 */
export async function commitChange(
  ports: CommitPorts,
  table: TableIdentifier,
  metadata: TableMetadata,
  change: Change,
): Promise<ChangeOutcome> {
  return new Attempts(ports, table, change).run(metadata)
}

/** The change was given up before its commit was sent. */
type TooOld = { readonly kind: 'too-old' }

/** The attempts of one change. It remembers whether the outcome of any is unknown. */
class Attempts {
  readonly #ports: CommitPorts
  readonly #table: TableIdentifier
  readonly #change: Change
  readonly #commitId = randomUUID()
  #open = false
  #conflicts = 0
  /** Metadata files of a refused attempt. They are kept until a read of the table shows that it does not name them. */
  #refusedFiles: readonly string[] = []

  constructor(ports: CommitPorts, table: TableIdentifier, change: Change) {
    this.#ports = ports
    this.#table = table
    this.#change = change
  }

  async run(first: TableMetadata): Promise<ChangeOutcome> {
    let metadata = first
    const specId = first.defaultSpecId
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const outcome = await this.#try(metadata, specId)
      if (outcome.kind === 'committed') return this.#committed(outcome.metadata)
      const parent = metadata.currentSnapshotId
      metadata = await this.#reload()
      if (this.#isIn(metadata)) return this.#committed(metadata)
      if (snapshotsSince(metadata, parent) === undefined) {
        // Some snapshots since then have expired, perhaps this commit's too. It cannot be known, so every file is kept.
        this.#open = true
        break
      }
      await this.#discard(this.#refusedFiles)
      if (outcome.kind === 'too-old' || !(await this.#change.fits(metadata))) break
    }
    await this.#discard(this.#change.added.map((file) => file.file_path))
    return { kind: 'overtaken', metadata, conflicts: this.#conflicts }
  }

  async #try(metadata: TableMetadata, specId: number): Promise<CommitOutcome | TooOld> {
    const { storage, onStep } = this.#ports
    const attempt = { commitId: this.#commitId, snapshotId: newSnapshotId() }
    const prepared = await prepareSnapshot(
      storage,
      metadata,
      { ...this.#change, specId, snapshotId: attempt.snapshotId },
      async () => onStep?.('manifest-written'),
    )
    const amendment = await this.#change.amend(metadata, attempt)
    await onStep?.('log-written')
    await onStep?.('before-commit')
    if (Date.now() - this.#change.begunMs > longestChangeMs) {
      this.#refusedFiles = prepared.files
      return { kind: 'too-old' }
    }
    const request = this.#request(metadata, prepared, amendment)
    const answer = this.#ports.catalog.commitTable(this.#table, request)
    await onStep?.('commit-sent')
    const outcome = await answer
    if (outcome.kind === 'unknown') this.#open = true
    if (outcome.kind === 'refused') await this.#refused(outcome.error, prepared)
    return outcome
  }

  /** The compare-and-set: the parent that the snapshot was prepared on must still be the newest. */
  #request(metadata: TableMetadata, prepared: PreparedSnapshot, amendment: Amendment) {
    const parent = metadata.currentSnapshotId
    const { operation } = this.#change
    const snapshot = {
      'snapshot-id': prepared.snapshotId,
      ...(parent !== null && { 'parent-snapshot-id': parent }),
      'sequence-number': prepared.sequenceNumber,
      'timestamp-ms': Date.now(),
      'manifest-list': prepared.manifestList,
      'schema-id': metadata.schema['schema-id'],
      summary: {
        ...summaryOf(metadata, this.#change),
        ...amendment.summary,
        operation,
        [commitIdSummary]: this.#commitId,
      },
    }
    const ref = { 'ref-name': 'main', type: 'branch', 'snapshot-id': prepared.snapshotId }
    return {
      requirements: [
        { type: 'assert-table-uuid', uuid: metadata.tableUuid },
        { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': parent },
      ],
      updates: [
        { action: 'add-snapshot', snapshot },
        { action: 'set-snapshot-ref', ...ref },
        ...(Object.keys(amendment.properties).length === 0
          ? []
          : [{ action: 'set-properties', updates: amendment.properties }]),
      ],
    }
  }

  /**
   * Conflicts are expected; any other refusal would be refused again. A conflict does not prove that this commit is not in
   * the table: a proxy may have sent the request twice, and this may be the response to the second.
   */
  async #refused(error: LakehouseError, prepared: PreparedSnapshot): Promise<void> {
    this.#conflicts++
    if (hasCode(error, 'CATALOG_CONFLICT')) {
      this.#refusedFiles = prepared.files
      return
    }
    await this.#discard([...prepared.files, ...this.#change.added.map((file) => file.file_path)])
    throw error
  }

  /**
   * Iceberg's server does not sync its metadata file, so it is done here: a commit that is reported as committed survives
   * a loss of power.
   */
  async #committed(metadata: TableMetadata): Promise<ChangeOutcome> {
    const { metadataLocation } = metadata
    if (metadataLocation !== undefined) await this.#ports.storage.harden(metadataLocation)
    await this.#ports.onStep?.('after-commit')
    return { kind: 'committed', metadata, conflicts: this.#conflicts }
  }

  /** Only allowed when every attempt was refused for certain: a file that a late commit names must stay. */
  async #discard(files: readonly string[]): Promise<void> {
    if (this.#open) return
    await Promise.all(files.map((file) => this.#ports.storage.remove(file)))
  }

  /** Loads the table; retries during an outage, for about ten seconds. */
  async #reload(): Promise<TableMetadata> {
    for (let look = 1; ; look++) {
      try {
        return await this.#ports.catalog.loadTable(this.#table)
      } catch (error) {
        if (look === MAX_LOOKS || !hasCode(error, 'CATALOG_UNAVAILABLE')) throw error
        await delay(backoffMs(look, LOOK_AGAIN))
      }
    }
  }

  #isIn(metadata: TableMetadata): boolean {
    return metadata.snapshots.some(({ summary }) => summary[commitIdSummary] === this.#commitId)
  }
}
