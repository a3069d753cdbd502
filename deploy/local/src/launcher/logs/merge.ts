import type { Entry } from './entry.ts'

/**
 * The entries of all parts in the order of time; those of one part keep their own order, and one without a time stays with what stands
 * before it. It holds one entry of each part.
 */
export function* merged(parts: readonly Iterator<Entry>[]): Generator<Entry> {
  const heads = parts.flatMap((entries) => {
    const head = { entries, timeMs: Number.NEGATIVE_INFINITY }
    return advanced(head) ?? []
  })
  while (heads.length > 0) {
    const first = earliest(heads)
    yield first.entry
    const next = advanced(first)
    const index = heads.indexOf(first)
    if (next === undefined) heads.splice(index, 1)
    else heads[index] = next
  }
}

type Head = {
  readonly entry: Entry
  readonly entries: Iterator<Entry>
  /** The latest time so far of its part, by which it waits for others. */
  readonly timeMs: number
}

function advanced({ entries, timeMs }: Omit<Head, 'entry'>): Head | undefined {
  const { done, value: entry } = entries.next()
  if (done === true) return undefined
  return { entry, entries, timeMs: Math.max(timeMs, entry.timeMs ?? timeMs) }
}

function earliest(heads: readonly Head[]): Head {
  return heads.reduce((first, head) => (head.timeMs < first.timeMs ? head : first))
}

/** The last entries, of which it holds no more than that. */
export function lastOf(entries: Iterable<Entry>, count: number): readonly Entry[] {
  const ring: Entry[] = []
  let next = 0
  for (const entry of entries) {
    ring[next] = entry
    next = (next + 1) % count
  }
  return ring.length < count ? ring : [...ring.slice(next), ...ring.slice(0, next)]
}
