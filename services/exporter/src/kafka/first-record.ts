/** As much of a fetched batch as is needed here (Kafka's protocol, record batch). */
export type Batch = {
  readonly firstOffset: bigint
  readonly lastOffsetDelta: number
  readonly attributes: number
  readonly producerId: bigint
  readonly firstTimestamp: bigint
  readonly records: readonly { readonly offsetDelta: number; readonly timestampDelta: bigint }[]
}

export type Aborted =
  | readonly { readonly producerId: bigint; readonly firstOffset: bigint }[]
  | null

/** The first record that a reader of committed data gets; or there is none before `next`. */
export type FirstRecord =
  | { readonly kind: 'record'; readonly timestampMs: number }
  | { readonly kind: 'nothing'; readonly next: bigint }

const TRANSACTIONAL = 0b1_0000
const CONTROL = 0b10_0000

/**
 * Looks for the first record from an offset on. Transaction markers and records of aborted transactions are none: a partition
 * whose committed offset is before nothing else has no lag, although its offset is behind the end.
 */
export function firstRecordFrom(
  offset: bigint,
  batches: readonly Batch[],
  aborted: Aborted,
): FirstRecord {
  let next = offset
  for (const batch of batches) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    if (last < offset) continue
    next = last + 1n
    if ((batch.attributes & CONTROL) !== 0 || isAborted(batch, batches, aborted)) continue
    const record = batch.records.find(
      ({ offsetDelta }) => batch.firstOffset + BigInt(offsetDelta) >= offset,
    )
    // Compaction and a reader's own progress may leave nothing of a batch.
    if (record === undefined) continue
    return { kind: 'record', timestampMs: Number(batch.firstTimestamp + record.timestampDelta) }
  }
  return { kind: 'nothing', next }
}

/** A producer has one transaction at a time, which ends with its next marker. */
function isAborted(batch: Batch, batches: readonly Batch[], aborted: Aborted): boolean {
  if ((batch.attributes & TRANSACTIONAL) === 0) return false
  const begun = (aborted ?? []).filter(
    ({ producerId, firstOffset }) =>
      producerId === batch.producerId && firstOffset <= batch.firstOffset,
  )
  return begun.some(({ firstOffset }) => {
    const marker = batches.find(
      (each) =>
        (each.attributes & CONTROL) !== 0 &&
        each.producerId === batch.producerId &&
        each.firstOffset > firstOffset,
    )
    return marker === undefined || marker.firstOffset > batch.firstOffset
  })
}
