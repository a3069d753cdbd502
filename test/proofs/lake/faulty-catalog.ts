import { LakehouseError } from '@tenseams/iceberg/errors'
import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { offsetsProperty } from '@tenseams/iceberg/offsets/offsets'
import { Catalog, type CommitOutcome, type CommitRequest } from '@tenseams/iceberg/table/catalog'
import { ownLogin } from '../../support/login.ts'

/** Guards of the commit, and what it is to be without each. */
export const breaks = {
  'offsets-outside-commit': 'offsets are committed behind the rows, not with them',
  'no-compare-and-set': 'a commit does not require that its parent is the newest snapshot',
  'stale-base': 'after a conflict the newer parent is taken, and the older offsets',
  'delete-on-unknown': 'a commit that was not answered is taken for refused, and its files go',
} as const

export type Guard = keyof typeof breaks

export const guards = Object.keys(breaks) as readonly Guard[]

type Options = { readonly catalogUrl: string; readonly broken?: string }

const TIMEOUT_MS = 5_000

/** The catalogue as the library has it, or one that makes of a correct append what it would be without a guard. */
export function catalogOf({ catalogUrl, broken }: Options): Catalog {
  const options = { url: catalogUrl, login: ownLogin, timeoutMs: TIMEOUT_MS }
  if (broken === 'offsets-outside-commit') return new OffsetsOutsideCommit(options)
  if (broken === 'no-compare-and-set') return new NoCompareAndSet(options)
  if (broken === 'stale-base') return new StaleBase(options)
  if (broken === 'delete-on-unknown') return new DeleteOnUnknown(options)
  return new Catalog(options)
}

type Update = { readonly action: string; readonly snapshot?: object }

const actionOf = (update: object): string => (update as Update).action

class OffsetsOutsideCommit extends Catalog {
  override async commitTable(
    table: TableIdentifier,
    { requirements, updates }: CommitRequest,
  ): Promise<CommitOutcome> {
    const isOffsets = (update: object) => actionOf(update) === 'set-properties'
    const rows = { requirements, updates: updates.filter((update) => !isOffsets(update)) }
    const outcome = await super.commitTable(table, rows)
    if (outcome.kind !== 'committed') return outcome
    return super.commitTable(table, { requirements: [], updates: updates.filter(isOffsets) })
  }
}

class NoCompareAndSet extends Catalog {
  override async commitTable(
    table: TableIdentifier,
    { requirements, updates }: CommitRequest,
  ): Promise<CommitOutcome> {
    const isGuard = (one: object) => (one as { type?: string }).type === 'assert-ref-snapshot-id'
    // The server has a check of its own, by sequence numbers, which a writer without the guard would not mind.
    const { lastSequenceNumber, properties } = await this.loadTable(table)
    const forced = updates.map((update) => {
      const { action, snapshot } = update as Update
      if (action === 'set-properties') return mergedOffsets(update, properties)
      if (action !== 'add-snapshot') return update
      return { ...update, snapshot: { ...snapshot, 'sequence-number': lastSequenceNumber + 1n } }
    })
    return super.commitTable(table, {
      requirements: requirements.filter((one) => !isGuard(one)),
      updates: forced,
    })
  }
}

/** Whoever writes over another's snapshot leaves the other's offsets, where these are further. */
function mergedOffsets(update: object, properties: Readonly<Record<string, string>>): object {
  const { updates } = update as { readonly updates: Readonly<Record<string, string>> }
  const there = JSON.parse(properties[offsetsProperty] ?? '{}') as Record<string, number>
  const wanted = JSON.parse(updates[offsetsProperty] ?? '{}') as Record<string, number>
  const merged = Object.fromEntries(
    [...new Set([...Object.keys(there), ...Object.keys(wanted)])].map((partition) => [
      partition,
      Math.max(there[partition] ?? 0, wanted[partition] ?? 0),
    ]),
  )
  return { ...update, updates: { ...updates, [offsetsProperty]: JSON.stringify(merged) } }
}

class StaleBase extends Catalog {
  #offsets: string | undefined
  #isRefused = false

  override async loadTable(table: TableIdentifier): Promise<TableMetadata> {
    const metadata = await super.loadTable(table)
    if (this.#isRefused && this.#offsets !== undefined) {
      this.#isRefused = false
      return {
        ...metadata,
        properties: { ...metadata.properties, [offsetsProperty]: this.#offsets },
      }
    }
    return this.#remember(metadata)
  }

  override async commitTable(
    table: TableIdentifier,
    request: CommitRequest,
  ): Promise<CommitOutcome> {
    const outcome = await super.commitTable(table, request)
    if (outcome.kind === 'committed') this.#remember(outcome.metadata)
    else this.#isRefused = true
    return outcome
  }

  #remember(metadata: TableMetadata): TableMetadata {
    this.#offsets = metadata.properties[offsetsProperty]
    return metadata
  }
}

class DeleteOnUnknown extends Catalog {
  override async commitTable(
    table: TableIdentifier,
    request: CommitRequest,
  ): Promise<CommitOutcome> {
    const outcome = await super.commitTable(table, request)
    if (outcome.kind !== 'unknown') return outcome
    const { message } = outcome.error
    return { kind: 'refused', error: new LakehouseError('CATALOG_REFUSED', message) }
  }
}
