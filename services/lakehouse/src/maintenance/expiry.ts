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
import { isFlinks, neededByFlink } from '@tenseams/iceberg/maintain/flink'
import { isOurs } from '@tenseams/iceberg/maintain/orphans'
import { pinnedBy } from '@tenseams/iceberg/offsets/sources'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { type AppendBase, baseOf } from '@tenseams/iceberg/write/append'
import type { Log } from '../log.ts'
import type { LakehouseMetrics } from '../metrics.ts'

/**
 * Each commit reads and writes the metadata of every kept snapshot, so old ones are expired, some at a time. The proof of
 * their offsets stays in the log of offsets. A reader of a snapshot has five minutes.
 */
export const expiryPolicy: Omit<ExpirePolicy, 'pinned'> = {
  keepLast: 100,
  olderThanMs: 300_000,
  leastToExpire: 50,
}

/** A reader of Flink's tables, and a restore by hand, has an hour. */
const flinkPolicy: typeof expiryPolicy = { ...expiryPolicy, olderThanMs: 3_600_000 }

/** How long to wait when other tables need the snapshots, or after an error. */
const PAUSE_MS = 30_000

/** The result of an expiry. `held`: there were enough old snapshots, but tables made from this one still need them. */
export type Expired = Awaited<ReturnType<typeof expire>> & { readonly held: boolean }

/** Which snapshots of a table may be expired, by who writes it. `undefined`: none. */
export function expiryOf(
  metadata: TableMetadata,
): { readonly policy: typeof expiryPolicy; readonly needed: readonly bigint[] } | undefined {
  if (isOurs(metadata)) return { policy: expiryPolicy, needed: [] }
  const needed = isFlinks(metadata) ? neededByFlink(metadata) : undefined
  return needed && { policy: flinkPolicy, needed }
}

/**
 * Expires old snapshots, except those that the table's writer or tables made from this one need, and all newer ones. The catalogue is asked for
 * these only when there is something to expire.
 *
 * @throws LakehouseError when the catalogue cannot list them, or another writer was first: nothing was deleted.
 */
export async function expireTable(
  ports: ExpirePorts & { readonly catalog: Catalog },
  table: TableIdentifier,
  metadata: TableMetadata,
  policy = expiryOf(metadata)?.policy ?? expiryPolicy,
): Promise<Expired> {
  const writers = expiryOf(metadata)
  if (writers === undefined) return { metadata, expired: 0, files: 0, held: true }
  if (planExpiry(metadata, { ...policy, pinned: [] }, Date.now()).length === 0) {
    return { metadata, expired: 0, files: 0, held: false }
  }
  const pinned = [...writers.needed, ...(await pinnedBy(ports.catalog, table))]
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

  /** Expires old snapshots when there are enough of them. What is not expired now is expired after a later commit. */
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
      log.warn({ table: name, err: error }, 'old snapshots were not expired; tried again later')
      return base
    }
  }

  #pause(): void {
    this.#pausedUntilMs = Date.now() + PAUSE_MS
  }
}
