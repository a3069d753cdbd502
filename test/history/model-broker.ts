import type { PolledRecord, SentRecord } from './operations.ts'

type Slot = {
  readonly value: string | undefined
  readonly cause?: { readonly topic: string; readonly value: string }
  /** Markers and aborted records take an offset, and no reader gets them. */
  state: 'open' | 'committed' | 'hidden'
}

export type ModelPartition = { readonly topic: string; readonly partition: number }
type Fields = Readonly<Record<string, unknown>>
export type Line = Record<string, unknown> & { readonly index: number }

/** A minimal broker: logs, transactions, a last stable offset, and committed offsets of groups. */
export class ModelBroker {
  readonly lines: Line[] = []
  readonly #logs = new Map<string, Slot[]>()
  readonly #open = new Map<
    string,
    { readonly slot: Slot; readonly topicPartition: ModelPartition }[]
  >()
  readonly #pending = new Map<string, Map<string, number>>()
  readonly #committed = new Map<string, number>()

  record(process: string, phase: string, fields: Fields): number {
    const index = this.lines.length
    this.lines.push({ index, timeUs: 10 * index, process, phase, ...fields })
    return index
  }

  write(
    topicPartition: ModelPartition,
    { value, cause }: SentRecord,
    transaction?: string,
  ): string {
    const log = this.#logOf(topicPartition)
    const state = transaction === undefined ? 'committed' : 'open'
    const slot: Slot = { value, state, ...(cause && { cause }) }
    log.push(slot)
    if (transaction !== undefined) this.#slotsOf(transaction).push({ slot, topicPartition })
    return String(log.length - 1)
  }

  /** Ends a transaction with a marker in each partition that it wrote to. Ending it again does nothing. */
  end(transaction: string, state: 'committed' | 'hidden'): void {
    const slots = this.#slotsOf(transaction)
    for (const { slot } of slots) slot.state = state
    for (const topicPartition of new Map(
      slots.map((one) => [partitionName(one.topicPartition), one.topicPartition]),
    ).values()) {
      this.#logOf(topicPartition).push({ value: undefined, state: 'hidden' })
    }
    this.#open.delete(transaction)
    if (state === 'committed') {
      for (const [key, offset] of this.#pending.get(transaction) ?? []) {
        this.#committed.set(key, offset)
      }
    }
    this.#pending.delete(transaction)
  }

  get openTransactions(): readonly string[] {
    return [...new Set([...this.#open.keys(), ...this.#pending.keys()])]
  }

  commitOffset(
    group: string,
    topicPartition: ModelPartition,
    offset: number,
    transaction?: string,
  ): void {
    const key = `${group} ${partitionName(topicPartition)}`
    if (transaction === undefined) {
      this.#committed.set(key, offset)
      return
    }
    const pending = this.#pending.get(transaction) ?? new Map<string, number>()
    this.#pending.set(transaction, pending.set(key, offset))
  }

  committed(group: string, topicPartition: ModelPartition): number {
    return this.#committed.get(`${group} ${partitionName(topicPartition)}`) ?? 0
  }

  /** The records that a reader of committed data gets from `position` on, and its next position. */
  read(topicPartition: ModelPartition, position: number, limit: number) {
    const log = this.#logOf(topicPartition)
    const records: (Omit<PolledRecord, 'offset'> & { readonly offset: string })[] = []
    let next = position
    for (; next < log.length && records.length < limit; next += 1) {
      const slot = log[next]
      if (slot === undefined || slot.state === 'open') break
      if (slot.state === 'hidden' || slot.value === undefined) continue
      const { value, cause } = slot
      records.push({ ...topicPartition, offset: String(next), value, ...(cause && { cause }) })
    }
    return { records, next }
  }

  #logOf(topicPartition: ModelPartition): Slot[] {
    const known = this.#logs.get(partitionName(topicPartition)) ?? []
    this.#logs.set(partitionName(topicPartition), known)
    return known
  }

  #slotsOf(transaction: string) {
    const known = this.#open.get(transaction) ?? []
    this.#open.set(transaction, known)
    return known
  }
}

export const partitionName = ({ topic, partition }: ModelPartition): string =>
  `${topic}/${partition}`
