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

/** By its id in the summary a writer recognises its own commit. */
const commitIdSummary = 'ten-seams.commit-id'

/** The moments of a commit at which a test may end the process. */
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

/** What a change means on top of one state of the table. */
export type Amendment = {
  readonly summary: Readonly<Record<string, string>>
  readonly properties: Readonly<Record<string, string>>
}

/** The names that a try goes by. */
export type Attempt = { readonly commitId: string; readonly snapshotId: bigint }

/**
 * A change to a table: files that come and go, and what is said of them. Its data files are durable already, written by
 * the default partition spec of the state that the change is made for.
 */
export type Change = {
  readonly operation: 'append' | 'overwrite' | 'replace'
  readonly added: readonly DataFile[]
  readonly removed: readonly DataFile[]
  /** When the first of its files may have been written: the change is given up `longestChangeMs` after that. */
  readonly begunMs: number
  /**
   * Whether the change may still be made on a state of the table that is newer than the one it was made for. Asked
   * after each conflict; `false` gives it up.
   */
  readonly fits: (metadata: TableMetadata) => Promise<boolean> | boolean
  /** Called once a try. Everything in it comes from this one `metadata`: that is what makes the compare-and-set safe. */
  readonly amend: (metadata: TableMetadata, attempt: Attempt) => Promise<Amendment> | Amendment
}

export type ChangeOutcome = {
  readonly kind: 'committed' | 'overtaken'
  readonly metadata: TableMetadata
  readonly conflicts: number
}

/**
 * The age at which a change is given up: no commit is sent any more then, and another is begun anew from the table. So a
 * file that nothing refers to, and that is older by a margin, is wanted by nobody: the removal of orphans rests on that.
 * It is far more than the tries and looks of a change may take by their own bounds.
 */
export const longestChangeMs = 900_000

/** A rebase meets another writer each time; who loses so often gives up and begins anew from the table. */
const MAX_ATTEMPTS = 5
const MAX_LOOKS = 10
const LOOK_AGAIN = { firstMs: 200, longestMs: 2_000 }

/**
 * Makes a change, or finds that another writer was first, or that it has become too old (`overtaken`; its data files are
 * deleted then, if that is safe). After an answer that leaves the outcome open, the table is asked for the commit's id, and from then on no file
 * is deleted, whatever it says: the commit may still arrive.
 *
 * @throws LakehouseError CATALOG_UNAVAILABLE or STORAGE_FAILED, after which the caller must load the table anew.
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

/** One change's tries. It remembers whether any of them is still open. */
class Attempts {
  readonly #ports: CommitPorts
  readonly #table: TableIdentifier
  readonly #change: Change
  readonly #commitId = randomUUID()
  #open = false
  #conflicts = 0
  /** Metadata files of a refused try. They stay until the table says that it does not name them. */
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
      metadata = await this.#look()
      if (this.#isIn(metadata)) return this.#committed(metadata)
      if (snapshotsSince(metadata, parent) === undefined) {
        // What came since has expired in part, maybe this commit, too: nobody can tell, so every file stays.
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

  /** The parent that the snapshot was prepared on must still be the newest: the compare-and-set of it all. */
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
   * A conflict is the game's rule; any other refusal is not made good by another try. Nor is a conflict proof that this
   * commit is not in the table: something on the way may have sent the request twice, and we hear of the second.
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
   * Iceberg's server does not sync its metadata file, so it is done here: what the caller is told to be committed
   * outlives a loss of power.
   */
  async #committed(metadata: TableMetadata): Promise<ChangeOutcome> {
    const { metadataLocation } = metadata
    if (metadataLocation !== undefined) await this.#ports.storage.harden(metadataLocation)
    await this.#ports.onStep?.('after-commit')
    return { kind: 'committed', metadata, conflicts: this.#conflicts }
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
        await delay(backoffMs(look, LOOK_AGAIN))
      }
    }
  }

  #isIn(metadata: TableMetadata): boolean {
    return metadata.snapshots.some(({ summary }) => summary[commitIdSummary] === this.#commitId)
  }
}
