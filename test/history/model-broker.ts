import type { PolledRecord, SentRecord } from './operations.ts'

type Slot = {
  readonly value: string | undefined
  readonly cause?: { readonly topic: string; readonly value: string }
  /** Markers and aborted records take an offset, and no reader gets them. */
  state: 'open' | 'committed' | 'hidden'
}

export type ModelPlace = { readonly topic: string; readonly partition: number }
type Fields = Readonly<Record<string, unknown>>
export type Line = Record<string, unknown> & { readonly index: number }

/** The least that makes a broker: logs, transactions, a last stable offset, and committed offsets of groups. */
export class ModelBroker {
  readonly lines: Line[] = []
  readonly #logs = new Map<string, Slot[]>()
  readonly #open = new Map<string, { readonly slot: Slot; readonly place: ModelPlace }[]>()
  readonly #pending = new Map<string, Map<string, number>>()
  readonly #committed = new Map<string, number>()

  record(process: string, phase: string, fields: Fields): number {
    const index = this.lines.length
    this.lines.push({ index, timeUs: 10 * index, process, phase, ...fields })
    return index
  }

  write(place: ModelPlace, { value, cause }: SentRecord, transaction?: string): string {
    const log = this.#logOf(place)
    const state = transaction === undefined ? 'committed' : 'open'
    const slot: Slot = { value, state, ...(cause && { cause }) }
    log.push(slot)
    if (transaction !== undefined) this.#slotsOf(transaction).push({ slot, place })
    return String(log.length - 1)
  }

  /** Ends a transaction, with a marker in each partition that it wrote. Ending it again does nothing. */
  end(transaction: string, state: 'committed' | 'hidden'): void {
    const slots = this.#slotsOf(transaction)
    for (const { slot } of slots) slot.state = state
    for (const place of new Map(slots.map((one) => [placeName(one.place), one.place])).values()) {
      this.#logOf(place).push({ value: undefined, state: 'hidden' })
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

  commitOffset(group: string, place: ModelPlace, offset: number, transaction?: string): void {
    const key = `${group} ${placeName(place)}`
    if (transaction === undefined) {
      this.#committed.set(key, offset)
      return
    }
    const pending = this.#pending.get(transaction) ?? new Map<string, number>()
    this.#pending.set(transaction, pending.set(key, offset))
  }

  committed(group: string, place: ModelPlace): number {
    return this.#committed.get(`${group} ${placeName(place)}`) ?? 0
  }

  /** What a reader of committed data gets from `position` on, and where it then stands. */
  read(place: ModelPlace, position: number, limit: number) {
    const log = this.#logOf(place)
    const records: (Omit<PolledRecord, 'offset'> & { readonly offset: string })[] = []
    let next = position
    for (; next < log.length && records.length < limit; next += 1) {
      const slot = log[next]
      if (slot === undefined || slot.state === 'open') break
      if (slot.state === 'hidden' || slot.value === undefined) continue
      const { value, cause } = slot
      records.push({ ...place, offset: String(next), value, ...(cause && { cause }) })
    }
    return { records, next }
  }

  #logOf(place: ModelPlace): Slot[] {
    const known = this.#logs.get(placeName(place)) ?? []
    this.#logs.set(placeName(place), known)
    return known
  }

  #slotsOf(transaction: string) {
    const known = this.#open.get(transaction) ?? []
    this.#open.set(transaction, known)
    return known
  }
}

export const placeName = ({ topic, partition }: ModelPlace): string => `${topic}/${partition}`
