import { BrokerError } from '../world/network.ts'

export type LogEntry = {
  readonly offset: number
  readonly kind: 'record' | 'commit' | 'abort'
  readonly producerId: number
  readonly inTransaction: boolean
  readonly key: string
  readonly value: string
}

export type ProducedBatch = {
  readonly producerId: number
  readonly epoch: number
  /** Undefined: a producer without idempotence. */
  readonly sequence: number | undefined
  readonly inTransaction: boolean
  readonly records: readonly { readonly key: string; readonly value: string }[]
}

type ProducerState = {
  readonly epoch: number
  readonly next: number
  /** The last batches, to recognise repetitions. */
  readonly recent: readonly { readonly sequence: number; readonly count: number }[]
}

export type Aborted = {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
}

const REMEMBERED_BATCHES = 5

/** One partition of its leader. */
export class PartitionLog {
  readonly entries: LogEntry[] = []
  readonly aborted: Aborted[] = []
  repetitions = 0
  readonly #open = new Map<number, number>()
  readonly #producers = new Map<number, ProducerState>()

  readonly #changed: () => void

  constructor(changed: () => void = () => undefined) {
    this.#changed = changed
  }

  get end(): number {
    return this.entries.length
  }

  /** Readers of committed data see the offsets below it. */
  get lastStableOffset(): number {
    let stable = this.end
    for (const first of this.#open.values()) stable = Math.min(stable, first)
    return stable
  }

  append(batch: ProducedBatch): void {
    const { producerId, epoch, sequence, inTransaction, records } = batch
    if (sequence !== undefined && this.#isRepetition(producerId, epoch, sequence, records.length)) {
      this.repetitions += 1
      return
    }
    if (inTransaction && !this.#open.has(producerId)) this.#open.set(producerId, this.end)
    for (const { key, value } of records) {
      this.#add({ kind: 'record', producerId, inTransaction, key, value })
    }
  }

  /** Ends a transaction. Its epoch fences: later sends of an older owner are refused. */
  mark(producerId: number, epoch: number, committed: boolean): void {
    const firstOffset = this.#open.get(producerId)
    const kind = committed ? 'commit' : 'abort'
    this.#open.delete(producerId)
    const entry = this.#add({ kind, producerId, inTransaction: true, key: '', value: '' })
    if (!committed && firstOffset !== undefined) {
      this.aborted.push({ producerId, firstOffset, lastOffset: entry.offset })
    }
    const known = this.#producers.get(producerId)
    if (known === undefined || known.epoch < epoch) {
      this.#producers.set(producerId, { epoch, next: 0, recent: [] })
    }
  }

  /** All that a reader of committed data will have seen in the end. */
  visible(): readonly LogEntry[] {
    const { lastStableOffset } = this
    return this.entries.filter(
      ({ kind, offset, producerId, inTransaction }) =>
        kind === 'record' &&
        offset < lastStableOffset &&
        !(inTransaction && this.#isAborted(producerId, offset)),
    )
  }

  #isAborted(producerId: number, offset: number): boolean {
    return this.aborted.some(
      (one) =>
        one.producerId === producerId && one.firstOffset <= offset && offset <= one.lastOffset,
    )
  }

  #add(entry: Omit<LogEntry, 'offset'>): LogEntry {
    const added = { ...entry, offset: this.end }
    this.entries.push(added)
    this.#changed()
    return added
  }

  #isRepetition(producerId: number, epoch: number, sequence: number, count: number): boolean {
    const known = this.#producers.get(producerId)
    if (known !== undefined && epoch < known.epoch) throw new BrokerError('INVALID_PRODUCER_EPOCH')
    const state =
      known === undefined || known.epoch < epoch ? { epoch, next: 0, recent: [] } : known
    const isKnown = state.recent.some((one) => one.sequence === sequence && one.count === count)
    if (isKnown) return true
    if (sequence !== state.next) throw new BrokerError('OUT_OF_ORDER_SEQUENCE_NUMBER')
    const recent = [...state.recent, { sequence, count }].slice(-REMEMBERED_BATCHES)
    this.#producers.set(producerId, { epoch, next: sequence + count, recent })
    return false
  }
}
