import { setTimeout as delay } from 'node:timers/promises'
import { backoffMs } from '@tenseams/service/backoff'
import type { EachBatchPayload, Kafka } from 'kafkajs'
import type { Counter, Registry } from 'prom-client'
import { type ConsumedRecord, recordOf } from './consume.ts'
import { type Chunk, type ChunkBounds, gather, type Transform } from './gather.ts'
import { GroupMember, type Log } from './group-member.ts'
import { deadLetteredRecords, handledRecords, transactionOutcomes } from './metrics.ts'
import { fencingTakeover, isFenced, type Place, RejoinError, type TakeOver } from './ownership.ts'
import { type LoopStep, PartitionOwner } from './partition-owner.ts'
import { Refusal } from './refusal.ts'

export type TransactionalLoopOptions = {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topics: readonly string[]
  /**
   * Makes the records to be written out of one that was read. It may be called again for the same record, so its own
   * effects must be none, or idempotent. Errors are judged as those of a handler (failure.ts).
   */
  readonly transform: Transform
  readonly metrics: Registry
  readonly log: Log
  /** Of one transaction: 500 records, 700 000 bytes, 100 ms. The broker waits as long to fill a fetch. */
  readonly bounds?: Partial<ChunkBounds>
  readonly sessionTimeoutMs?: number
  readonly transactionTimeoutMs?: number
  /** Instead of the guard (ownership.ts). */
  readonly takeOver?: TakeOver
  readonly onStep?: (step: LoopStep, place: Place) => Promise<void> | void
}

/** A partition as we hold it. */
type Hand = {
  readonly place: Place
  readonly owner: PartitionOwner
  readonly refusal: Refusal
  /** How often its next record has failed. */
  failures: number
  /** How many takeovers and transactions have failed since the last that committed. */
  errorsInARow: number
}

const defaults: ChunkBounds = { maxRecords: 500, maxBytes: 700_000, maxMs: 100 }
const DEFAULT_TRANSACTION_TIMEOUT_MS = 30_000
const RETRY = { firstMs: 100, longestMs: 5_000 }
const HEARTBEAT_MS = 1_000

/**
 * Consumes, transforms and produces in one Kafka transaction together with the consumed offsets: readers of committed
 * data see the effect of each record once, whatever is killed or stopped. A crash leaves an open transaction, which the
 * next owner aborts; a stopped owner that goes on is fenced. One partition a transaction.
 *
 * A transaction that fails is tried again, by whoever owns the partition then, after at most 5 s, for as long as it
 * takes: a broken broker isn't the record's fault, and nothing may be skipped for it. When the broker refuses what a
 * record became, the record is found and becomes a dead letter (refusal.ts). Whatever else stops a partition is seen by
 * `tenseams_transactions_total`: `aborted` rises and `committed` doesn't.
 */
export class TransactionalLoop {
  readonly #options: TransactionalLoopOptions
  readonly #bounds: ChunkBounds
  readonly #member: GroupMember
  readonly #takeOver: TakeOver
  readonly #hands = new Map<string, Hand>()
  readonly #transactions: Counter
  readonly #handled: Counter
  readonly #deadLettered: Counter

  constructor(options: TransactionalLoopOptions) {
    this.#options = options
    this.#bounds = { ...defaults, ...options.bounds }
    this.#takeOver =
      options.takeOver ??
      fencingTakeover({
        kafka: options.kafka,
        transactionTimeoutMs: options.transactionTimeoutMs ?? DEFAULT_TRANSACTION_TIMEOUT_MS,
        onHalfTaken: (place) => options.onStep?.('half-taken', place),
      })
    this.#handled = handledRecords(options.metrics, options)
    this.#deadLettered = deadLetteredRecords(options.metrics, options)
    this.#transactions = transactionOutcomes(options.metrics, options)
    this.#member = new GroupMember({
      ...options,
      minBytes: 1_048_576,
      maxWaitMs: this.#bounds.maxMs,
      handleBatch: (payload) => this.#handleBatch(payload),
    })
  }

  /** Starts to read and returns at once; a broker that is away is waited for. */
  start(): void {
    this.#member.start()
  }

  /** Throws while the group has not been joined. */
  assertReady(): void {
    this.#member.assertReady()
  }

  /** Finishes the transactions in hand and leaves the group. */
  async close(): Promise<void> {
    await this.#member.close()
    await Promise.all([...this.#hands.values()].map(({ owner }) => owner.release()))
  }

  async #handleBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const hand = this.#handOf(batch)
    const span = { first: BigInt(batch.firstOffset() ?? 0), last: BigInt(batch.lastOffset()) }
    const generation = this.#member.generation
    const step = await this.#orRejoin(hand, () =>
      whileBeating(payload, () => hand.owner.step(span, () => this.#member.generation)),
    )
    if (step.kind === 'leave') return
    if (step.kind === 'seek') {
      const { topic, partition } = hand.place
      return this.#member.seek(topic, partition, step.offset)
    }
    const records = batch.messages
      .map((message) => recordOf(batch, message))
      .filter(({ offset }) => BigInt(offset) >= step.next)
    // All of the batch has its effect: the next fetch must not begin with it again.
    if (records.length === 0) payload.resolveOffset(batch.lastOffset())
    const mayGoOn = () =>
      payload.isRunning() && !payload.isStale() && generation === this.#member.generation
    let done = 0
    while (done < records.length && mayGoOn()) {
      const chunk = await whileBeating(payload, () => this.#gather(hand, records.slice(done)))
      const covered = records.slice(done, done + chunk.covered)
      done += chunk.covered
      const last = covered.at(-1)
      if (last !== undefined) {
        const next = BigInt(last.offset) + 1n
        const committed = await this.#orRejoin(
          hand,
          async () => {
            if (!mayGoOn()) return false
            return whileBeating(payload, () => hand.owner.commit(chunk, next, generation))
          },
          covered,
        )
        if (!committed) return
        hand.errorsInARow = 0
        payload.resolveOffset(last.offset)
        this.#count(hand.place, chunk)
      }
      await payload.heartbeat()
      if (chunk.wait !== undefined) return this.#pause(payload, hand.place, chunk.wait)
    }
  }

  async #gather(hand: Hand, records: readonly ConsumedRecord[]): Promise<Chunk> {
    const { groupId } = this.#options
    const { failures, refusal } = hand
    const transform = refusal.around(this.#options.transform)
    const bounds = refusal.boundsFrom(records[0], this.#bounds)
    const chunk = await gather(records, { groupId, transform, bounds, failures })
    const before = chunk.covered > 0 ? 0 : failures
    hand.failures = chunk.wait === undefined ? 0 : before + 1
    return chunk
  }

  #pause(payload: EachBatchPayload, place: Place, wait: NonNullable<Chunk['wait']>): void {
    this.#options.log.warn({ ...place, delayMs: wait.delayMs, err: wait.error }, 'partition pauses')
    setTimeout(payload.pause(), wait.delayMs)
  }

  /** Whatever fails, the group is joined anew: then the guard stands at the beginning again. */
  async #orRejoin<Value>(
    hand: Hand,
    work: () => Promise<Value>,
    covered: readonly ConsumedRecord[] = [],
  ): Promise<Value> {
    try {
      return await work()
    } catch (error) {
      const { topic, groupId: group } = hand.place
      const outcome = isFenced(error) ? 'fenced' : 'aborted'
      const errorsInARow = ++hand.errorsInARow
      this.#transactions.inc({ topic, group, outcome })
      hand.refusal.note(covered, error)
      const context = { ...hand.place, outcome, errorsInARow, err: error }
      this.#options.log.warn(context, 'transaction failed')
      await delay(backoffMs(errorsInARow, RETRY))
      throw new RejoinError(error)
    }
  }

  #count({ topic, groupId: group }: Place, { covered, letters }: Chunk): void {
    this.#transactions.inc({ topic, group, outcome: 'committed' })
    this.#handled.inc({ topic, group }, covered - letters.length)
    for (const { reason } of letters) this.#deadLettered.inc({ topic, group, reason })
  }

  #handOf({ topic, partition }: EachBatchPayload['batch']): Hand {
    const key = `${topic}-${partition}`
    const known = this.#hands.get(key)
    if (known !== undefined) return known
    const place = { groupId: this.#options.groupId, topic, partition }
    const owner = new PartitionOwner(place, this.#takeOver, this.#options.onStep)
    const hand = { place, owner, refusal: new Refusal(), failures: 0, errorsInARow: 0 }
    this.#hands.set(key, hand)
    return hand
  }
}

/** Keeps the membership alive during work that may be slow; a lost one is told when the work is done. */
async function whileBeating<Value>(
  payload: EachBatchPayload,
  work: () => Promise<Value>,
): Promise<Value> {
  const beating = setInterval(() => {
    // The heartbeat after the work meets the same answer, and throws it where it can be handled.
    payload.heartbeat().catch(() => undefined)
  }, HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(beating)
  }
}
