import { PARTITIONS } from '../run/scenario.ts'
import type { Chance } from '../world/chance.ts'
import type { World } from '../world/world.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import { Group } from './group.ts'
import { type Aborted, type LogEntry, PartitionLog } from './partition-log.ts'
import { Transactions } from './transactions.ts'

export type FetchedSpan = {
  readonly partition: number
  readonly from: number
  readonly highWatermark: number
  readonly entries: readonly LogEntry[]
  readonly aborted: readonly Aborted[]
}

type Wanted = { readonly partition: number; readonly from: number }

const MOST_ENTRIES = 9
/** How long a fetch waits for records. */
const LONGEST_WAIT_MS = 900
/** How long a fetch waits for more after the first record. */
const GATHER_MS = 25

/** One broker: the partitions' leader and both coordinators. It is never down; its answers may be lost. */
export class Broker {
  readonly offsets = new CommittedOffsets()
  readonly transactions: Transactions
  readonly #world: World
  readonly #logs = new Map<string, readonly PartitionLog[]>()
  readonly #groups = new Map<string, Group>()
  readonly #waiting = new Set<() => void>()

  constructor(world: World, chance: Chance) {
    this.#world = world
    this.transactions = new Transactions(world, chance, this.offsets)
  }

  logs(topic: string): readonly PartitionLog[] {
    const known = this.#logs.get(topic)
    if (known !== undefined) return known
    const changed = () => this.#wake()
    const made = Array.from({ length: PARTITIONS }, () => new PartitionLog(changed))
    this.#logs.set(topic, made)
    return made
  }

  get topics(): readonly string[] {
    return [...this.#logs.keys()]
  }

  log(topic: string, partition: number): PartitionLog {
    const log = this.logs(topic)[partition]
    if (log === undefined) throw new Error(`no partition ${topic}-${partition}`)
    return log
  }

  group(name: string): Group {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const made = new Group(this.#world, name)
    this.#groups.set(name, made)
    return made
  }

  get groups(): readonly Group[] {
    return [...this.#groups.values()]
  }

  /** Answers at once when there are records, otherwise after a while. */
  async fetch(
    topic: string,
    wanted: readonly Wanted[],
    committedOnly: boolean,
  ): Promise<readonly FetchedSpan[]> {
    const until = this.#world.now + LONGEST_WAIT_MS
    for (;;) {
      const found = wanted.map((one) => this.#read(topic, one, committedOnly))
      const isEmpty = found.every(({ entries }) => entries.length === 0)
      if (!isEmpty || this.#world.now >= until) return found
      await this.#change(until)
    }
  }

  #change(until: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#world.at(until - this.#world.now, undefined, () => {
        this.#waiting.delete(wake)
        resolve()
      })
      const wake = () => {
        timer.isCancelled = true
        this.#world.at(GATHER_MS, undefined, resolve)
      }
      this.#waiting.add(wake)
    })
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  #read(topic: string, { partition, from }: Wanted, committedOnly: boolean): FetchedSpan {
    const log = this.log(topic, partition)
    const end = committedOnly ? log.lastStableOffset : log.end
    const entries = log.entries.slice(from, Math.min(end, from + MOST_ENTRIES))
    const last = entries.at(-1)?.offset ?? from
    const touches = (one: Aborted) => one.lastOffset >= from && one.firstOffset <= last
    const aborted = committedOnly ? log.aborted.filter(touches) : []
    return { partition, from, highWatermark: log.end, entries, aborted }
  }
}
