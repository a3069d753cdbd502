import { type AppendBase, type AppendPorts, baseOf } from '@tenseams/lakehouse/append'
import { type ExpirePolicy, expire } from '@tenseams/lakehouse/expire'
import type { TableIdentifier } from '@tenseams/lakehouse/metadata'
import type { Log } from './table-sink.ts'

/**
 * Each commit reads and writes the metadata of every snapshot that is kept, so old ones go, some at a time. Their proof
 * stays in the log of offsets; whoever reads one has five minutes for it.
 */
const EXPIRY: ExpirePolicy = {
  keepLast: 100,
  olderThanMs: 300_000,
  leastToExpire: 50,
  pinned: [],
}

/** Lets old snapshots go when there are enough of them. What is not let go now is let go after a later commit. */
export async function expireOld(
  ports: AppendPorts,
  table: TableIdentifier,
  base: AppendBase,
  log: Log,
): Promise<AppendBase> {
  const name = `${table.namespace}.${table.name}`
  try {
    const { expired, files, metadata } = await expire(ports, table, base.metadata, EXPIRY)
    if (expired === 0) return base
    log.info({ table: name, expired, files }, 'old snapshots expired')
    return baseOf(metadata)
  } catch (error) {
    log.warn({ table: name, err: error }, 'old snapshots stay for now')
    return base
  }
}
