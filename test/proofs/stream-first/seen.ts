import { Latencies } from '../../load/latencies.ts'

/** A version of an order, as a reader was told of it. */
export type Sight = {
  readonly orderId: string
  readonly version: number
  /** When the reader had it, milliseconds since 1970. */
  readonly atMs: number
  /** When it was written, by whoever says so; unknown when only the store knows. */
  readonly changedAtMs?: number
}

/** How many versions each order has had, so that all of them are 1 up to it. */
export type Written = ReadonlyMap<string, number>

export type Comparison = {
  readonly written: number
  readonly missed: readonly string[]
  readonly doubled: readonly string[]
  /** Orders of which it never learned the newest version. */
  readonly stale: readonly string[]
}

/** What a reader was told, in its order. */
export class Seen {
  readonly sights: Sight[] = []
  readonly #times = new Map<string, number>()

  add(sight: Sight): void {
    this.sights.push(sight)
    const name = nameOf(sight.orderId, sight.version)
    this.#times.set(name, (this.#times.get(name) ?? 0) + 1)
  }

  has(orderId: string, version: number): boolean {
    return this.#times.has(nameOf(orderId, version))
  }

  /** Which versions of these orders, after those of before, it was never told of, or more than once. */
  compare(written: Written, from: Written = new Map()): Comparison {
    const names = [...written].flatMap(([orderId, versions]) => {
      const first = (from.get(orderId) ?? 0) + 1
      const count = Math.max(0, versions - first + 1)
      return Array.from({ length: count }, (_, index) => nameOf(orderId, first + index))
    })
    return {
      written: names.length,
      missed: names.filter((name) => !this.#times.has(name)),
      doubled: names.filter((name) => (this.#times.get(name) ?? 0) > 1),
      stale: [...written]
        .filter(
          ([orderId, versions]) =>
            versions > (from.get(orderId) ?? 0) && !this.has(orderId, versions),
        )
        .map(([orderId]) => orderId),
    }
  }

  /** From when a version was written until the reader had it. @param writtenMs as the store knows it. */
  freshness(writtenMs: ReadonlyMap<string, number> = new Map()): Latencies {
    const latencies = new Latencies()
    for (const { orderId, version, atMs, changedAtMs } of this.sights) {
      const since = writtenMs.get(nameOf(orderId, version)) ?? changedAtMs
      if (since !== undefined) latencies.record(atMs - since)
    }
    return latencies
  }
}

export function nameOf(orderId: string, version: number | string): string {
  return `${orderId}@${version}`
}
