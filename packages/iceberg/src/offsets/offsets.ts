import { LakehouseError } from '../errors.ts'
import { parseJson, writeJson } from '../format/json.ts'

/** The property has the newest offsets, the summaries have the chain (the end of one is the start of the next). */
export const offsetsProperty = 'ten-seams.offsets'
export const startOffsetsSummary = 'ten-seams.start-offsets'
export const endOffsetsSummary = 'ten-seams.end-offsets'

/** For each `<topic>-<partition>`, the offset of the next record that the table needs. */
export type Offsets = Readonly<Record<string, bigint>>

/** The range of a batch in its partition: from the offset at which its fetch began to the one after its last record. */
export type OffsetSpan = { readonly start: bigint; readonly end: bigint }

/** The spans of an append, by partition. */
export type OffsetSpans = Readonly<Record<string, OffsetSpan>>

/**
 * The name of a partition's offsets. Those of a later log of the topic have names of their own, so that each chain of offsets is
 * of one log; a topic's name cannot contain `@`.
 */
export const partitionKey = (topic: string, partition: number, epoch = 0): string =>
  epoch === 0 ? `${topic}-${partition}` : `${topic}@${epoch}-${partition}`

/** What to do with a batch of one partition. */
export type BatchPlan =
  /** It begins exactly at the next offset of the table and its buffer. */
  | { readonly kind: 'accept'; readonly span: OffsetSpan }
  /** All of it is known, and the next batch is the expected one. */
  | { readonly kind: 'skip' }
  /** It begins elsewhere: drop it and seek to `offset`. */
  | { readonly kind: 'seek'; readonly offset: bigint }

/**
 * Plans a batch by its offsets alone. Where a fetch begins depends on group offsets, rebalances and resets, none of which is
 * trusted: only the batch that continues the table is accepted, so no record is doubled and none left out.
 *
 * @param expected the next offset of the partition.
 * @param batch.start where the fetch began, which may lie before its first record (aborted and control records).
 */
export function planBatch(expected: bigint, batch: OffsetSpan): BatchPlan {
  if (batch.start === expected && batch.end > expected) return { kind: 'accept', span: batch }
  if (batch.end === expected) return { kind: 'skip' }
  return { kind: 'seek', offset: expected }
}

/** What to do with an append that was made for an older state of the table. */
export type RebasePlan = 'rebase' | 'overtaken'

/**
 * After a conflict: when the offsets of all partitions of the append are still those at which it begins, the other writer did
 * something else (a compaction, other partitions), and the same rows may be committed on top. Otherwise some or all of the
 * rows are already in the table, and the whole append is dropped.
 */
export function planRebase(table: Offsets, spans: OffsetSpans): RebasePlan {
  return isContiguous(table, spans) ? 'rebase' : 'overtaken'
}

/** A partition that the table has never seen may begin anywhere; the first commit records where. */
export function isContiguous(table: Offsets, spans: OffsetSpans): boolean {
  return Object.entries(spans).every(([partition, { start, end }]) => {
    const next = table[partition]
    return end >= start && (next === undefined || next === start)
  })
}

/** The table's offsets before the append, with the starts of partitions that are new to it. */
export function startOffsets(table: Offsets, spans: OffsetSpans): Offsets {
  const starts = Object.entries(spans).map(([partition, span]) => [partition, span.start] as const)
  return { ...Object.fromEntries(starts), ...table }
}

/** The table's offsets after the append. */
export function endOffsets(table: Offsets, spans: OffsetSpans): Offsets {
  const ends = Object.entries(spans).map(([partition, span]) => [partition, span.end] as const)
  return { ...table, ...Object.fromEntries(ends) }
}

/** Offsets as text for a table property. Partitions are sorted, so that equal offsets are equal text. */
export function writeOffsets(offsets: Offsets): string {
  const sorted = Object.entries(offsets).sort(([left], [right]) => (left < right ? -1 : 1))
  return writeJson(Object.fromEntries(sorted))
}

/** @throws LakehouseError FORMAT_UNSUPPORTED when the text is not what `writeOffsets` writes. */
export function readOffsets(text: string | undefined): Offsets {
  if (text === undefined) return {}
  const json = parseJson(text)
  if (typeof json !== 'object' || json === null) throw malformed(text)
  return Object.fromEntries(
    Object.entries(json).map(([partition, offset]) => {
      if (typeof offset !== 'number' && typeof offset !== 'bigint') throw malformed(text)
      return [partition, BigInt(offset)]
    }),
  )
}

function malformed(text: string): LakehouseError {
  return new LakehouseError('FORMAT_UNSUPPORTED', `offsets are malformed: ${text.slice(0, 200)}`)
}
