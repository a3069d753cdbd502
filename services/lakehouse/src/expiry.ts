import { type AppendBase, type AppendPorts, baseOf } from '@tenseams/lakehouse/append'
import { type ExpirePolicy, expire, planExpiry } from '@tenseams/lakehouse/expire'
import type { TableIdentifier } from '@tenseams/lakehouse/metadata'
import { pinnedBy } from '@tenseams/lakehouse/sources'
import type { Log, TableSinkOptions } from './table-sink.ts'

/**
 * Each commit reads and writes the metadata of every snapshot that is kept, so old ones go, some at a time. Their proof
 * stays in the log of offsets; whoever reads one has five minutes for it.
 */
const EXPIRY: Omit<ExpirePolicy, 'pinned'> = {
  keepLast: 100,
  olderThanMs: 300_000,
  leastToExpire: 50,
}

/** A pin of long ago holds until it is moved, and looking costs a read of every table. */
const LOOK_AGAIN_MS = 30_000

/** Lets a table's old snapshots go, some at a time, none that another table was made up to and none newer than that. */
export class Expiry {
  readonly #ports: AppendPorts
  readonly #table: TableIdentifier
  readonly #log: Log
  #notBefore = 0

  constructor({ ports, bronze, log }: Pick<TableSinkOptions, 'ports' | 'bronze' | 'log'>) {
    this.#ports = ports
    this.#table = bronze.table
    this.#log = log
  }

  /** To be called after a commit. What is not let go now is let go after a later one. */
  async expireOld(base: AppendBase): Promise<AppendBase> {
    const unpinned = { ...EXPIRY, pinned: [] }
    const now = Date.now()
    if (now < this.#notBefore || planExpiry(base.metadata, unpinned, now).length === 0) return base
    const table = `${this.#table.namespace}.${this.#table.name}`
    try {
      const pinned = await pinnedBy(this.#ports.catalog, this.#table)
      const policy = { ...EXPIRY, pinned }
      const { expired, files, metadata } = await expire(
        this.#ports,
        this.#table,
        base.metadata,
        policy,
      )
      if (expired > 0) {
        this.#log.info({ table, expired, files }, 'old snapshots expired')
        return baseOf(metadata)
      }
    } catch (error) {
      this.#log.warn({ table, err: error }, 'old snapshots stay for now')
    }
    this.#notBefore = Date.now() + LOOK_AGAIN_MS
    return base
  }
}
