import { eventually } from '@tenseams/local/launcher/host/wait'
import type { ReadRecord } from '../../../support/kafka.ts'

/** Records of events that stand further up already: the same event id at a later offset of its partition. */
export function repeatsIn(records: readonly ReadRecord[]): readonly ReadRecord[] {
  const seen = new Set<string | undefined>()
  return records.filter(({ headers: { id } }) => {
    const isRepeat = id !== undefined && seen.has(id)
    seen.add(id)
    return isRepeat
  })
}

/** For each partition the offset of its last record among these. */
export function lastOffsets(records: readonly ReadRecord[]): ReadonlyMap<number, bigint> {
  const last = new Map<number, bigint>()
  for (const { partition, offset } of records) {
    last.set(partition, max(last.get(partition) ?? 0n, BigInt(offset)))
  }
  return last
}

/** Until a reading has so many records that pass. */
export async function untilRead(
  matching: () => readonly ReadRecord[],
  { least, what }: { readonly least: number; readonly what: string },
): Promise<readonly ReadRecord[]> {
  const areThere = () => (matching().length >= least ? matching() : undefined)
  return eventually(areThere, { timeoutMs: 120_000, what })
}

const max = (one: bigint, other: bigint): bigint => (one > other ? one : other)
