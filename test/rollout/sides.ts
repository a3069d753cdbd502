import type { Authority, AuthorityRecord, Comparison, Side, Writer } from '@tenseams/rollout/change'
import { otherSide } from '@tenseams/rollout/change'
import { StaleTermError } from '@tenseams/rollout/flags/flags-file'
import type { Faults } from './faults.ts'

/** A writer looks up who may write and writes later: a process may stand still between the two. */
export type Belief = { readonly side: Side; readonly epoch: number }

/** Whether a write is taken. Production asks the authority's row inside the writing transaction. */
export type Fence = (belief: Belief, now: AuthorityRecord) => boolean

export const byEpoch: Fence = ({ side, epoch }, now) =>
  !now.isClosed && now.holder === side && now.epoch === epoch

/** Both sides with what was written to them, and the authority. What must never be is in `anomalies`. */
export class Sides {
  readonly old = new Set<number>()
  readonly new = new Set<number>()
  readonly acknowledged = new Set<number>()
  readonly anomalies: string[] = []
  isDualWriting = false
  #record: AuthorityRecord = { holder: 'old', epoch: 1, isClosed: false }
  #term = 0
  #leaseEndsMs = 0
  readonly #nowMs: () => number
  readonly #fence: Fence
  readonly #faults: Faults

  constructor(nowMs: () => number, faults: Faults, fence: Fence = byEpoch) {
    this.#nowMs = nowMs
    this.#fence = fence
    this.#faults = faults
  }

  /** A lease that has passed gives the holder its right again, under the epoch that `close` began. */
  now(): AuthorityRecord {
    const isOver = this.#record.isClosed && this.#nowMs() >= this.#leaseEndsMs
    return isOver ? { ...this.#record, isClosed: false } : this.#record
  }

  believe(): Belief | undefined {
    const { holder, epoch, isClosed } = this.now()
    return isClosed ? undefined : { side: holder, epoch }
  }

  /** One transaction. */
  write(belief: Belief, id: number): void {
    const now = this.now()
    if (!this.#fence(belief, now)) return
    if (now.isClosed || now.holder !== belief.side) {
      this.anomalies.push(`${belief.side} wrote ${id} while the authority was ${now.holder}'s`)
    }
    this[belief.side].add(id)
    if (belief.side === 'old' && this.isDualWriting) this.new.add(id)
    this.acknowledged.add(id)
  }

  readonly authority: Authority = {
    read: async () => this.now(),
    close: async (term, leaseMs) => {
      await this.#faults.point(true)
      if (term < this.#term) throw new StaleTermError('closed at a later term')
      this.#term = term
      const closed = { ...this.#record, epoch: this.#record.epoch + 1, isClosed: true }
      this.#record = closed
      this.#leaseEndsMs = this.#nowMs() + leaseMs
      await this.#faults.point(true)
      return closed
    },
    open: async (holder, closedEpoch) => {
      await this.#faults.point(true)
      const { epoch, isClosed } = this.now()
      if (epoch !== closedEpoch || !isClosed) throw new Error('the lease has passed')
      const opened = { holder, epoch: epoch + 1, isClosed: false }
      this.#record = opened
      await this.#faults.point(true)
      return opened
    },
  }

  readonly writers: Readonly<Record<Side, Writer>> = {
    old: { drain: async () => this.#drainFrom('old'), fence: async () => undefined },
    new: { drain: async () => this.#drainFrom('new'), fence: async () => undefined },
  }

  readonly comparison: Comparison = {
    ignored: [],
    at: async () => {
      await this.#faults.point(true)
      const mismatched = this.old.symmetricDifference(this.new).size
      return {
        compared: this.old.union(this.new).size,
        mismatched,
        moneyMismatched: 0,
        samples: [],
      }
    },
  }

  /** Dual writing or the reverse sync brings to the other side what this one has. */
  #drainFrom(side: Side): string {
    for (const id of this[side]) this[otherSide(side)].add(id)
    return `${this[side].size}`
  }
}
