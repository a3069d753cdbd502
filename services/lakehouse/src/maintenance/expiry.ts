import {
  fullName,
  type TableIdentifier,
  type TableMetadata,
} from '@tenseams/iceberg/format/metadata'
import {
  type ExpirePolicy,
  type ExpirePorts,
  expire,
  planExpiry,
} from '@tenseams/iceberg/maintain/expire'
import { pinnedBy } from '@tenseams/iceberg/offsets/sources'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { type AppendBase, baseOf } from '@tenseams/iceberg/write/append'
import type { Log } from '../log.ts'
import type { LakehouseMetrics } from '../metrics.ts'

/**
 * Each commit reads and writes the metadata of every snapshot that is kept, so old ones go, some at a time. Their proof
 * stays in the log of offsets; whoever reads one has five minutes for it.
 */
export const expiryPolicy: Omit<ExpirePolicy, 'pinned'> = {
  keepLast: 100,
  olderThanMs: 300_000,
  leastToExpire: 50,
}

/** How long nothing is asked after others held the snapshots, or something went wrong. */
const PAUSE_MS = 30_000

/** What an expiry came to. `held`: there were enough old snapshots, and tables made from this one still need them. */
export type Expired = Awaited<ReturnType<typeof expire>> & { readonly held: boolean }

/**
 * Lets old snapshots go, but for those up to which other tables were made, and what came after. The catalogue is asked for
 * these only when there is something to let go.
 *
 * @throws LakehouseError when the catalogue cannot say who needs what, or another writer was first: nothing was deleted.
 */
export async function expireTable(
  ports: ExpirePorts & { readonly catalog: Catalog },
  table: TableIdentifier,
  metadata: TableMetadata,
  policy = expiryPolicy,
): Promise<Expired> {
  if (planExpiry(metadata, { ...policy, pinned: [] }, Date.now()).length === 0) {
    return { metadata, expired: 0, files: 0, held: false }
  }
  const pinned = await pinnedBy(ports.catalog, table)
  const done = await expire(ports, table, metadata, { ...policy, pinned })
  return { ...done, held: done.expired === 0 }
}

type ExpiryOptions = {
  readonly ports: { readonly catalog: Catalog; readonly storage: ExpirePorts['storage'] }
  readonly metrics: LakehouseMetrics
  readonly log: Log
}

/** The expiry of one table that is being written. */
export class Expiry {
  #pausedUntilMs = 0

  /** Lets old snapshots go when there are enough of them. What is not let go now is let go after a later commit. */
  async afterCommit(
    { ports, metrics, log }: ExpiryOptions,
    table: TableIdentifier,
    base: AppendBase,
  ): Promise<AppendBase> {
    if (Date.now() < this.#pausedUntilMs) return base
    const name = fullName(table)
    try {
      const { catalog, storage } = ports
      const done = await expireTable({ catalog, storage }, table, base.metadata)
      if (done.held) this.#pause()
      if (done.expired === 0) return base
      metrics.expiredSnapshots.inc({ table: name }, done.expired)
      log.info({ table: name, expired: done.expired, files: done.files }, 'old snapshots expired')
      return baseOf(done.metadata)
    } catch (error) {
      this.#pause()
      log.warn({ table: name, err: error }, 'old snapshots stay for now')
      return base
    }
  }

  #pause(): void {
    this.#pausedUntilMs = Date.now() + PAUSE_MS
  }
}
