import { eventually } from '@tenseams/local/launcher/host/wait'
import type { ReadRecord } from '../../../support/kafka.ts'

/** Records whose event id has been read before, at an earlier offset. */
export function repeatsIn(records: readonly ReadRecord[]): readonly ReadRecord[] {
  const seen = new Set<string | undefined>()
  return records.filter(({ headers: { id } }) => {
    const isRepeat = id !== undefined && seen.has(id)
    seen.add(id)
    return isRepeat
  })
}

/** The highest offset of each partition among these records. */
export function lastOffsets(records: readonly ReadRecord[]): ReadonlyMap<number, bigint> {
  const last = new Map<number, bigint>()
  for (const { partition, offset } of records) {
    last.set(partition, max(last.get(partition) ?? 0n, BigInt(offset)))
  }
  return last
}

/** Waits until at least so many records match. */
export async function untilRead(
  matching: () => readonly ReadRecord[],
  { least, what }: { readonly least: number; readonly what: string },
): Promise<readonly ReadRecord[]> {
  const areThere = () => (matching().length >= least ? matching() : undefined)
  return eventually(areThere, { timeoutMs: 120_000, what })
}

const max = (one: bigint, other: bigint): bigint => (one > other ? one : other)
