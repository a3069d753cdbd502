import type { Transaction } from 'kafkajs'
import { type Chunk, messagesByTopic } from './gather.ts'
import type { Place, TakeOver, TransactionalProducer } from './ownership.ts'
import { discard, durableSend } from './producer.ts'

/** The moments of a takeover and of a transaction at which a test or a drill may stop or kill us. */
export const loopSteps = ['half-taken', 'sent', 'offsets-sent', 'committed'] as const

export type LoopStep = (typeof loopSteps)[number]

/** Offsets of the first and the last record of what was fetched. */
export type Span = { readonly first: bigint; readonly last: bigint }

export type Step =
  /** Records from here on have no effect yet. */
  | { readonly kind: 'go'; readonly next: bigint }
  /** These are not the records that come next: fetch from here. */
  | { readonly kind: 'seek'; readonly offset: bigint }
  /** Another generation has begun meanwhile. */
  | { readonly kind: 'leave' }

type State =
  | { readonly kind: 'unowned' }
  | {
      readonly kind: 'seeking' | 'owned'
      readonly generation: number
      readonly producer: TransactionalProducer
      /** Records below have their effect. */
      readonly next: bigint
    }

/**
 * One partition in the hands of one process.
 *
 * ```
 *   unowned ──take over: fence, read offsets──┬─ the batch holds the next record ──▶ owned ⟲ commit
 *     ▲  ▲                                    └─ it doesn't ──▶ seeking ──next batch──▶ │
 *     │  └── a batch of a newer generation ◀──────────────────────┴─────────────────────┤
 *     └───── any error: the producer is thrown away ◀───────────────────────────────────┘
 * ```
 *
 * In `owned` the position in memory is the truth: committed offsets, read again after each transaction, were stale.
 * A gap above the position is no loss there: it was fetched from the position, and what lies between are markers of
 * transactions, aborted records, or what compaction has removed.
 */
export class PartitionOwner {
  readonly #place: Place
  readonly #takeOver: TakeOver
  readonly #onStep: (step: LoopStep, place: Place) => Promise<void> | void
  #state: State = { kind: 'unowned' }

  constructor(
    place: Place,
    takeOver: TakeOver,
    onStep: (step: LoopStep, place: Place) => Promise<void> | void = () => undefined,
  ) {
    this.#place = place
    this.#takeOver = takeOver
    this.#onStep = onStep
  }

  /** What to do with a batch of this span. @param generation gives the group's present one. */
  async step(span: Span, generation: () => number): Promise<Step> {
    const began = generation()
    const state = this.#state
    if (state.kind === 'unowned' || state.generation !== began) {
      await this.release()
      const { producer, committed } = await this.#takeOver(this.#place)
      if (generation() !== began) {
        await discard(producer)
        return { kind: 'leave' }
      }
      const next = committed ?? span.first
      const fits = span.first <= next && next <= span.last
      this.#state = { kind: fits ? 'owned' : 'seeking', generation: began, producer, next }
      return fits ? { kind: 'go', next } : { kind: 'seek', offset: next }
    }
    this.#state = { ...state, kind: 'owned' }
    return { kind: 'go', next: state.next }
  }

  /**
   * Writes what a chunk holds and its offsets in one transaction: all of it is visible when this returns true.
   *
   * @returns false when the partition is not ours in that generation; nothing was written then.
   * @throws whatever the broker says; the partition is unowned then, and the next takeover finds out what holds.
   */
  async commit(chunk: Chunk, next: bigint, generation: number): Promise<boolean> {
    const state = this.#state
    if (state.kind !== 'owned' || state.generation !== generation) return false
    try {
      await this.#transact(state.producer, chunk, next)
    } catch (error) {
      // A handler of an older generation must not touch what a newer one has built.
      if (this.#state === state) this.#state = { kind: 'unowned' }
      await discard(state.producer)
      throw error
    }
    if (this.#state !== state) return false
    this.#state = { ...state, next }
    return true
  }

  async release(): Promise<void> {
    const state = this.#state
    this.#state = { kind: 'unowned' }
    if (state.kind !== 'unowned') await discard(state.producer)
  }

  async #transact(producer: TransactionalProducer, chunk: Chunk, next: bigint): Promise<void> {
    const { groupId, topic, partition } = this.#place
    const transaction = await producer.transaction()
    try {
      for (const [target, messages] of messagesByTopic(chunk)) {
        await transaction.send({ topic: target, ...durableSend, messages })
      }
      await this.#onStep('sent', this.#place)
      const partitions = [{ partition, offset: String(next) }]
      await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] })
      await this.#onStep('offsets-sent', this.#place)
      await transaction.commit()
    } catch (error) {
      await abortQuietly(transaction)
      throw error
    }
    await this.#onStep('committed', this.#place)
  }
}

/** A fenced producer cannot abort either; whoever fenced it has done so already. */
async function abortQuietly(transaction: Transaction): Promise<void> {
  if (transaction.isActive()) await transaction.abort().catch(() => undefined)
}
