import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { endOffsetsSummary, partitionKey, readOffsets } from '@tenseams/iceberg/offsets/offsets'
import { readSources, sourcesProperty } from '@tenseams/iceberg/offsets/sources'
import { readTopics } from '@tenseams/iceberg/offsets/topics'
import { Latencies } from '../latencies.ts'
import type { Placed } from './journeys.ts'

export const ORDERS_TOPIC = 'orders.order.v1'

export const layers = ['bronze', 'silver', 'gold'] as const
export type Layer = (typeof layers)[number]

/** The table that stands for each layer. A placed order is a row of the first two, and counts in the third. */
export const tables: Readonly<Record<Layer, TableIdentifier>> = {
  bronze: { namespace: 'bronze', name: 'orders_order_v1' },
  silver: { namespace: 'silver', name: 'orders' },
  gold: { namespace: 'gold', name: 'order_to_cash' },
}

/** Before which offset of each partition a reader of a layer has the orders' events, since a moment of `machineMs`. */
export type Sight = { readonly atMs: number; readonly ends: ReadonlyMap<number, bigint> }

/** The newest metadata of each layer's table; one that is not there has no rows yet. */
export type Lake = Readonly<Partial<Record<Layer, TableMetadata>>>

/**
 * How far a layer's newest snapshot is in the log. Bronze records its offsets, silver the snapshot of bronze that it is made
 * from, and gold that of silver, each in the commit of its rows: so no row must be read.
 */
export function endsIn(
  layer: Layer,
  { bronze, silver, gold }: Lake,
): ReadonlyMap<number, bigint> | undefined {
  if (layer === 'bronze') return bronze && offsetsAt(bronze, bronze.currentSnapshotId)
  if (bronze === undefined || silver === undefined) return undefined
  const inSilver =
    layer === 'silver'
      ? silver.currentSnapshotId
      : gold && sourceOf(gold, gold.currentSnapshotId, 'silver.orders')
  const inBronze = sourceOf(silver, inSilver, 'bronze.orders_order_v1')
  return offsetsAt(bronze, inBronze)
}

type SnapshotId = bigint | null | undefined

/** The snapshot of a source that a snapshot is made from. */
function sourceOf(
  metadata: TableMetadata,
  snapshotId: SnapshotId,
  source: string,
): bigint | undefined {
  const text = summaryAt(metadata, snapshotId, sourcesProperty)
  return text === undefined ? undefined : readSources({ [sourcesProperty]: text })[source]
}

function offsetsAt(
  bronze: TableMetadata,
  snapshotId: SnapshotId,
): ReadonlyMap<number, bigint> | undefined {
  const text = summaryAt(bronze, snapshotId, endOffsetsSummary)
  if (text === undefined) return undefined
  const epoch = readTopics(bronze.properties)[ORDERS_TOPIC]?.epoch ?? 0
  return new Map(
    Object.entries(readOffsets(text)).flatMap(([key, end]) => {
      const partition = Number(key.split('-').at(-1))
      return key === partitionKey(ORDERS_TOPIC, partition, epoch) ? [[partition, end]] : []
    }),
  )
}

/** What a snapshot's summary says, or that of its nearest ancestor: a compaction changes no row, and says nothing of them. */
function summaryAt(
  { snapshots }: TableMetadata,
  snapshotId: SnapshotId,
  name: string,
): string | undefined {
  const byId = new Map(snapshots.map((snapshot) => [snapshot.snapshotId, snapshot]))
  for (let id = snapshotId ?? undefined; id !== undefined; ) {
    const snapshot = byId.get(id)
    const found = snapshot?.summary[name]
    if (found !== undefined) return found
    id = snapshot?.parentSnapshotId ?? undefined
  }
  return undefined
}

const has = ({ ends }: Sight, { partition, offset }: Placed) => (ends.get(partition) ?? 0n) > offset

/** Whether a reader of the layer has all of these orders. */
export function hasAll(sight: Sight | undefined, placed: readonly Placed[]): boolean {
  return sight !== undefined && placed.every((order) => has(sight, order))
}

/**
 * From when orders were due until a reader of the layer had them, for those that were due from a moment on. An order that was
 * not seen has no latency yet, so it is counted: without it the percentiles would be of the lucky ones.
 */
export function visibilityOf(
  placed: readonly Placed[],
  sights: readonly Sight[],
  fromMs: number,
): { readonly latencies: Latencies; readonly unseen: number } {
  const latencies = new Latencies()
  let unseen = 0
  for (const order of placed) {
    if (order.dueMs < fromMs) continue
    const atMs = sights.find((sight) => has(sight, order))?.atMs
    if (atMs === undefined) unseen += 1
    else latencies.record(atMs - order.dueMs)
  }
  return { latencies, unseen }
}
