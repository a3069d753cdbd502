import {
  fullName,
  type TableIdentifier,
  type TableMetadata,
} from '@tenseams/iceberg/format/metadata'
import {
  type ExpirePolicy,
  type ExpirePorts,
  expire,
  expireSnapshots,
  planExpiry,
  removeUnreferenced,
} from '@tenseams/iceberg/maintain/expire'
import { isFlinks, neededByFlink } from '@tenseams/iceberg/maintain/flink'
import { isOurs } from '@tenseams/iceberg/maintain/orphans'
import { allPins, pinnedBy } from '@tenseams/iceberg/offsets/sources'
import type { Catalog } from '@tenseams/iceberg/table/catalog'
import { type AppendBase, baseOf } from '@tenseams/iceberg/write/append'
import type { Log } from '@tenseams/telemetry/log'
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

/**
 * What every commit to bronze reads and writes again must be short, so its snapshots leave the metadata early. Their files stay
 * for as long as a reader may have them open.
 */
const bronzePolicy: typeof expiryPolicy = { keepLast: 20, olderThanMs: 60_000, leastToExpire: 50 }
const FILES_KEPT_MS = expiryPolicy.olderThanMs

/**
 * While a table that is made from this one is made for the first time, or anew, nothing tells which snapshot it will record. So
 * snapshots leave early only when each of those tables has recorded one that is still there.
 */
function policyOf({ snapshots }: TableMetadata, pinned: readonly bigint[]): ExpirePolicy {
  const isThere = (pin: bigint) => snapshots.some(({ snapshotId }) => snapshotId === pin)
  const isFollowed = pinned.length > 0 && pinned.every(isThere)
  return { ...(isFollowed ? bronzePolicy : expiryPolicy), pinned }
}

/** To find what is pinned, every table of the catalogue is read; what was found then keeps too much later, never too little. */
const PINS_KEPT_MS = 30_000

/** What tables need of each other, asked for once for all tables whose snapshots are expired. */
export class Pins {
  readonly #catalog: Catalog
  #asked: Promise<ReadonlyMap<string, readonly bigint[]>> | undefined
  #askedAtMs = 0

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  /** @throws LakehouseError as `allPins`; the next call asks again. */
  async of(table: TableIdentifier): Promise<readonly bigint[]> {
    const isOld = Date.now() - this.#askedAtMs >= PINS_KEPT_MS
    if (this.#asked === undefined || isOld) {
      this.#askedAtMs = Date.now()
      this.#asked = allPins(this.#catalog)
    }
    const asked = this.#asked
    try {
      return (await asked).get(fullName(table)) ?? []
    } catch (error) {
      if (this.#asked === asked) this.#asked = undefined
      throw error
    }
  }
}

type ExpiryOptions = {
  readonly ports: { readonly catalog: Catalog; readonly storage: ExpirePorts['storage'] }
  readonly metrics: LakehouseMetrics
  readonly log: Log
}

/** The expiry of one table of bronze that is being written. */
export class Expiry {
  readonly #pins: Pins
  #pausedUntilMs = 0
  /** Files that nothing refers to any more, and since when; oldest first. */
  #leaving: readonly { readonly sinceMs: number; readonly files: readonly string[] }[] = []

  constructor(pins: Pins) {
    this.#pins = pins
  }

  /** Expires old snapshots when there are enough of them. What is not expired now is expired after a later commit. */
  async afterCommit(
    { ports, metrics, log }: ExpiryOptions,
    table: TableIdentifier,
    base: AppendBase,
  ): Promise<AppendBase> {
    if (Date.now() < this.#pausedUntilMs) return base
    const name = fullName(table)
    try {
      await this.#removeLeaving(ports)
      if (planExpiry(base.metadata, { ...bronzePolicy, pinned: [] }, Date.now()).length === 0) {
        return base
      }
      const policy = policyOf(base.metadata, await this.#pins.of(table))
      const { catalog, storage } = ports
      const done = await expireSnapshots({ catalog, storage }, table, base.metadata, policy)
      if (done.expired === 0) {
        this.#pause()
        return base
      }
      const { expired, unreferenced: files } = done
      this.#leaving = [...this.#leaving, { sinceMs: Date.now(), files }]
      metrics.expiredSnapshots.inc({ table: name }, expired)
      log.info({ table: name, expired, files: files.length }, 'old snapshots expired')
      return baseOf(done.metadata)
    } catch (error) {
      this.#pause()
      log.warn({ table: name, err: error }, 'old snapshots were not expired; tried again later')
      return base
    }
  }

  /** After a crash before this, they are orphans. */
  async #removeLeaving(ports: ExpiryOptions['ports']): Promise<void> {
    for (const leaving of this.#leaving) {
      if (Date.now() - leaving.sinceMs < FILES_KEPT_MS) return
      await removeUnreferenced({ storage: ports.storage }, leaving.files)
      this.#leaving = this.#leaving.filter((other) => other !== leaving)
    }
  }

  #pause(): void {
    this.#pausedUntilMs = Date.now() + PAUSE_MS
  }
}
