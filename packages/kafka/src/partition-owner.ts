import type { Transaction } from 'kafkajs'
import { type Chunk, messagesByTopic } from './chunk.ts'
import type { TakeOver, TopicPartition, TransactionalProducer } from './ownership.ts'
import { discard, durableSend } from './producer.ts'

/** The moments of a takeover and of a transaction at which a test may stop or kill the process. */
export const loopSteps = ['half-taken', 'sent', 'offsets-sent', 'committed'] as const

export type LoopStep = (typeof loopSteps)[number]

export type OnStep = (step: LoopStep, topicPartition: TopicPartition) => Promise<void> | void

/** Offsets of the first and the last record of a fetched batch. */
export type Span = { readonly first: bigint; readonly last: bigint }

/** What became of a chunk; `left` when the partition is not ours in its generation. */
export type Outcome = 'committed' | 'passed' | 'left'

export type Step =
  /** Records from this offset on have no effect yet. */
  | { readonly kind: 'go'; readonly next: bigint }
  /** The batch does not hold the next record: fetch from this offset. */
  | { readonly kind: 'seek'; readonly offset: bigint }
  /** Another generation began meanwhile. */
  | { readonly kind: 'leave' }

type State =
  | { readonly kind: 'unowned' }
  | {
      readonly kind: 'seeking' | 'owned'
      readonly generation: number
      readonly producer: TransactionalProducer
      /** Records below this offset have their effect. */
      readonly next: bigint
      /** When an offset of it was committed last, by `performance.now()`. */
      readonly committedMs: number
    }

/** For so long records without output are passed in memory alone. */
const UNCOMMITTED_MS = 5_000

/**
 * One partition, owned by one process.
 *
 * ```
 *   unowned ──take over: fence, read offsets──┬─ the batch holds the next record ──▶ owned ⟲ commit
 *     ▲  ▲                                    └─ it doesn't ──▶ seeking ──next batch──▶ │
 *     │  └── a batch of a newer generation ◀──────────────────────┴─────────────────────┤
 *     └───── any error: the producer is closed, never reused ◀──────────────────────────┘
 * ```
 *
 * In `owned` the position in memory is authoritative: committed offsets read after a transaction may be stale. A gap
 * between the position and the first record of the batch is no loss: the batch was fetched from the position, and the
 * gap holds transaction markers, aborted records, or records that compaction has removed.
 */
export class PartitionOwner {
  readonly #topicPartition: TopicPartition
  readonly #takeOver: TakeOver
  readonly #onStep: OnStep
  #state: State = { kind: 'unowned' }

  constructor(
    topicPartition: TopicPartition,
    takeOver: TakeOver,
    onStep: OnStep = () => undefined,
  ) {
    this.#topicPartition = topicPartition
    this.#takeOver = takeOver
    this.#onStep = onStep
  }

  /** What to do with a batch of this span. @param generation returns the group's current one. */
  async step(span: Span, generation: () => number): Promise<Step> {
    const began = generation()
    const state = this.#state
    if (state.kind === 'unowned' || state.generation !== began) {
      await this.release()
      const { producer, committed } = await this.#takeOver(this.#topicPartition)
      if (generation() !== began) {
        await discard(producer)
        return { kind: 'leave' }
      }
      const next = committed ?? span.first
      const fits = span.first <= next && next <= span.last
      const committedMs = performance.now()
      this.#state = {
        ...{ kind: fits ? 'owned' : 'seeking', generation: began },
        ...{ producer, next, committedMs },
      }
      return fits ? { kind: 'go', next } : { kind: 'seek', offset: next }
    }
    this.#state = { ...state, kind: 'owned' }
    return { kind: 'go', next: state.next }
  }

  /**
   * Writes a chunk and its offsets in one transaction: all of it is visible when this returns `committed`.
   *
   * A chunk without output needs none: its records are passed in memory, and the next transaction commits past them, or the
   * first chunk that comes five seconds after the last one. After a crash they are transformed to nothing again.
   *
   * @returns `left` when the partition is not ours in that generation; nothing was written then.
   * @throws whatever the broker says; the partition is unowned then, and the next takeover finds out what was committed.
   */
  async commit(chunk: Chunk, next: bigint, generation: number): Promise<Outcome> {
    const state = this.#state
    if (state.kind !== 'owned' || state.generation !== generation) return 'left'
    if (writesNothing(chunk) && performance.now() - state.committedMs < UNCOMMITTED_MS) {
      this.#state = { ...state, next }
      return 'passed'
    }
    try {
      await this.#transact(state.producer, chunk, next)
    } catch (error) {
      // A handler of an older generation must not change the state of a newer one.
      if (this.#state === state) this.#state = { kind: 'unowned' }
      await discard(state.producer)
      throw error
    }
    if (this.#state !== state) return 'left'
    this.#state = { ...state, next, committedMs: performance.now() }
    return 'committed'
  }

  async release(): Promise<void> {
    const state = this.#state
    this.#state = { kind: 'unowned' }
    if (state.kind !== 'unowned') await discard(state.producer)
  }

  async #transact(producer: TransactionalProducer, chunk: Chunk, next: bigint): Promise<void> {
    const { groupId, topic, partition } = this.#topicPartition
    const transaction = await producer.transaction()
    try {
      for (const [target, messages] of messagesByTopic(chunk)) {
        await transaction.send({ topic: target, ...durableSend, messages })
      }
      await this.#onStep('sent', this.#topicPartition)
      const partitions = [{ partition, offset: String(next) }]
      await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] })
      await this.#onStep('offsets-sent', this.#topicPartition)
      await transaction.commit()
    } catch (error) {
      await abortQuietly(transaction)
      throw error
    }
    await this.#onStep('committed', this.#topicPartition)
  }
}

/** A fenced producer cannot abort either; the one that fenced it has already aborted its transaction. */
async function abortQuietly(transaction: Transaction): Promise<void> {
  if (transaction.isActive()) await transaction.abort().catch(() => undefined)
}

function writesNothing({ produced, deadLetters }: Chunk): boolean {
  return produced.length === 0 && deadLetters.length === 0
}
