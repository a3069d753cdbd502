import { setTimeout as delay } from 'node:timers/promises'
import { backoffMs } from '@tenseams/service/backoff'
import { messageOf } from '@tenseams/service/causes'
import type { Log } from '@tenseams/telemetry/log'
import type { EachBatchPayload, Kafka } from 'kafkajs'
import type { Registry } from 'prom-client'
import { type Chunk, type ChunkBounds, planChunk, type Transform } from './chunk.ts'
import { GroupMember, longFetch } from './group-member.ts'
import {
  deadLetteredRecords,
  handledRecords,
  transactionDurations,
  transactionOutcomes,
} from './metrics.ts'
import {
  fencingTakeover,
  isFenced,
  RejoinError,
  type TakeOver,
  type TopicPartition,
} from './ownership.ts'
import { type OnStep, type Outcome, PartitionOwner, type Step } from './partition-owner.ts'
import { type ConsumedRecord, recordsFrom } from './record.ts'
import { fieldsOf, type KeyField } from './record-fields.ts'
import { afterFailure, noRefusals, type Refusals } from './refusals.ts'
import { TransactionSteps } from './tracing/transaction-step.ts'
import { WaitingRecords } from './waiting-records.ts'

export type TransactionalLoopOptions = {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topics: readonly string[]
  /**
   * Makes the records to be written from one that was read. It may be called again for the same record, so it must have
   * no effects of its own, or idempotent ones. Its errors are judged like those of a handler (failure.ts).
   */
  readonly transform: Transform
  readonly metrics: Registry
  readonly log: Pick<Log, 'info' | 'warn'>
  /** The field of log lines that a record's key is; left out when it is none. */
  readonly keyField?: KeyField
  /**
   * Of one transaction: 2 000 records, 700 000 bytes, 100 ms. While there is no backlog, a partition has at most one transaction in
   * that time: what comes meanwhile shares the next one.
   */
  readonly bounds?: Partial<ChunkBounds>
  readonly sessionTimeoutMs?: number
  readonly transactionTimeoutMs?: number
  /** How a partition is taken over: `fencingTakeover` unless given. */
  readonly takeOver?: TakeOver
  readonly onStep?: OnStep
}

/** State of one assigned partition. */
type PartitionSession = {
  readonly topicPartition: TopicPartition
  readonly owner: PartitionOwner
  refusals: Refusals
  /** How many takeovers and transactions have failed since the last that committed. */
  errorsInARow: number
  lastError: string
}

const defaults: ChunkBounds = { maxRecords: 2_000, maxBytes: 700_000, maxMs: 100 }
const DEFAULT_TRANSACTION_TIMEOUT_MS = 30_000
const RETRY = { firstMs: 100, longestMs: 5_000 }
const HEARTBEAT_MS = 1_000
/** Fewer may be a rebalance, in which an old owner is fenced. */
const ERRORS_OF_AN_OUTAGE = 3

/**
 * Consumes, transforms and produces in one Kafka transaction together with the consumed offsets: readers of committed
 * data see the effect of each record once, whatever is killed or stopped. A crash leaves an open transaction, which the
 * next owner aborts; an owner that was paused and continues is fenced. Each transaction covers one partition.
 *
 * A failed transaction is retried by the partition's next owner, with a pause of at most 5 s, for as long as it takes: a
 * broken broker isn't the record's fault, and nothing may be skipped because of it. When the broker refuses the output
 * of a record, that record is found and becomes a dead letter (refusals.ts). A partition that is stuck for any other
 * reason shows in `tenseams_transactions_total`: `aborted` rises and `committed` doesn't.
 */
export class TransactionalLoop {
  readonly #options: TransactionalLoopOptions
  readonly #bounds: ChunkBounds
  readonly #member: GroupMember
  readonly #takeOver: TakeOver
  readonly #waiting = new WaitingRecords()
  readonly #sessions = new Map<string, PartitionSession>()
  readonly #transactions: ReturnType<typeof transactionOutcomes>
  readonly #durations: ReturnType<typeof transactionDurations>
  readonly #handled: ReturnType<typeof handledRecords>
  readonly #deadLettered: ReturnType<typeof deadLetteredRecords>

  constructor(options: TransactionalLoopOptions) {
    this.#options = options
    this.#bounds = { ...defaults, ...options.bounds }
    this.#takeOver =
      options.takeOver ??
      fencingTakeover({
        kafka: options.kafka,
        transactionTimeoutMs: options.transactionTimeoutMs ?? DEFAULT_TRANSACTION_TIMEOUT_MS,
        onHalfTaken: (topicPartition) => options.onStep?.('half-taken', topicPartition),
      })
    this.#handled = handledRecords(options.metrics, options)
    this.#deadLettered = deadLetteredRecords(options.metrics, options)
    this.#transactions = transactionOutcomes(options.metrics, options)
    this.#durations = transactionDurations(options.metrics)
    this.#member = new GroupMember({
      ...options,
      ...longFetch,
      onJoined: (assignment) => this.#waiting.keep(assignment),
      handleBatch: (payload) => this.#handleBatch(payload),
    })
  }

  /** Starts to read and returns at once; waits for an unavailable broker. */
  start(): void {
    this.#member.start()
  }

  /**
   * Throws while the group has not been joined, a dependency keeps a record waiting, or the transactions of a partition
   * fail one after another.
   */
  assertReady(): void {
    this.#member.assertReady()
    this.#waiting.assertNoOutage()
    for (const { topicPartition, errorsInARow, lastError } of this.#sessions.values()) {
      const { topic, partition } = topicPartition
      const isOwn = this.#member.assignment?.[topic]?.includes(partition) ?? false
      if (!isOwn || errorsInARow < ERRORS_OF_AN_OUTAGE) continue
      throw new Error(`${topic}-${partition}: ${errorsInARow} transactions failed: ${lastError}`)
    }
  }

  /** Finishes the transactions under way and leaves the group. */
  async close(): Promise<void> {
    await this.#member.close()
    await Promise.all([...this.#sessions.values()].map(({ owner }) => owner.release()))
  }

  /** Own the partition, then, chunk by chunk: plan, write, count. Then let the next chunk gather. */
  async #handleBatch(payload: EachBatchPayload): Promise<void> {
    const begunMs = performance.now()
    const session = this.#sessionOf(payload.batch)
    const { topic, partition } = session.topicPartition
    const generation = this.#member.generation
    const isCurrent = () =>
      payload.isRunning() && !payload.isStale() && generation === this.#member.generation

    const step = await this.#own(payload, session)
    if (step.kind === 'leave') return
    if (step.kind === 'seek') return this.#member.seek(topic, partition, step.offset)

    let rest = recordsFrom(payload.batch, step.next)
    // All of the batch has its effect: the next fetch must not begin with it again.
    if (rest.length === 0) payload.resolveOffset(payload.batch.lastOffset())
    let chunks = 0
    while (rest.length > 0 && isCurrent()) {
      const steps = new TransactionSteps(this.#options.groupId)
      const chunk = await this.#plan(payload, session, rest, steps)
      chunks += 1
      const covered = rest.slice(0, chunk.covered)
      rest = rest.slice(chunk.covered)
      const last = covered.at(-1)
      if (last !== undefined) {
        if (!isCurrent()) return
        const outcome = await this.#write(payload, session, { chunk, covered, generation, steps })
        if (outcome === 'left') return
        payload.resolveOffset(last.offset)
        if (chunk.wait === undefined) this.#waiting.passedAll(session.topicPartition)
        this.#count(session.topicPartition, chunk, outcome)
      }
      await payload.heartbeat()
      const [first] = rest
      if (chunk.wait !== undefined && first !== undefined) {
        return this.#pause(payload, first, chunk.wait)
      }
    }
    // More than one chunk is a backlog, of which the next fetch brings more.
    const gatherMs = this.#bounds.maxMs - (performance.now() - begunMs)
    if (chunks <= 1 && gatherMs > 0) await delay(gatherMs)
  }

  async #own(payload: EachBatchPayload, session: PartitionSession): Promise<Step> {
    const { batch } = payload
    const span = { first: BigInt(batch.firstOffset() ?? 0), last: BigInt(batch.lastOffset()) }
    try {
      return await withHeartbeats(payload, () =>
        session.owner.step(span, () => this.#member.generation),
      )
    } catch (error) {
      throw await this.#rejoinAfter(session, error)
    }
  }

  async #plan(
    payload: EachBatchPayload,
    session: PartitionSession,
    records: readonly ConsumedRecord[],
    steps: TransactionSteps,
  ): Promise<Chunk> {
    const { refusals } = session
    const { groupId } = this.#options
    const transform: Transform = (record) =>
      steps.transform(record, () => this.#options.transform(record))
    const judge = (record: ConsumedRecord, error: unknown) => this.#waiting.judgeNext(record, error)
    const planning = { groupId, transform, bounds: this.#bounds, judge, refusals }
    return withHeartbeats(payload, () => planChunk(records, planning))
  }

  async #write(
    payload: EachBatchPayload,
    session: PartitionSession,
    { chunk, covered, generation, steps }: PlannedWrite,
  ): Promise<Outcome> {
    const next = BigInt(covered.at(-1)?.offset ?? -1) + 1n
    const begunMs = performance.now()
    try {
      const written = { next, records: covered.length }
      const outcome = await steps.commit(session.topicPartition, written, () =>
        withHeartbeats(payload, () => session.owner.commit(chunk, next, generation)),
      )
      if (outcome === 'committed') {
        session.errorsInARow = 0
        this.#observe(session, outcome, begunMs)
      }
      return outcome
    } catch (error) {
      session.refusals = afterFailure(session.refusals, covered, error)
      this.#observe(session, isFenced(error) ? 'fenced' : 'aborted', begunMs)
      throw await this.#rejoinAfter(session, error)
    }
  }

  #observe(
    { topicPartition: { topic, groupId: group } }: PartitionSession,
    outcome: 'committed' | 'aborted' | 'fenced',
    begunMs: number,
  ): void {
    const seconds = (performance.now() - begunMs) / 1_000
    this.#durations.observe({ topic, group, outcome }, seconds)
  }

  /** After any failure the group is rejoined, so that the partition is taken over from the start. */
  async #rejoinAfter(session: PartitionSession, error: unknown): Promise<RejoinError> {
    const { topic, partition, groupId: group } = session.topicPartition
    const outcome = isFenced(error) ? 'fenced' : 'aborted'
    session.errorsInARow += 1
    session.lastError = messageOf(error)
    this.#transactions.inc({ topic, group, outcome })
    const { errorsInARow } = session
    const context = { topic, partition, group, outcome, errorsInARow, err: error }
    this.#options.log.warn(context, 'transaction failed')
    await delay(backoffMs(errorsInARow, RETRY))
    return new RejoinError(error)
  }

  #pause(
    payload: EachBatchPayload,
    record: ConsumedRecord,
    { verdict: { delayMs, fault }, error }: NonNullable<Chunk['wait']>,
  ): void {
    const { groupId: group, keyField } = this.#options
    const attempt = this.#waiting.attemptsOf(record)
    const about = fieldsOf(record, keyField)
    const context = { group, ...about, attempt, fault, delayMs, err: error }
    this.#options.log.warn(context, 'partition pauses')
    setTimeout(payload.pause(), delayMs)
  }

  #count(
    { topic, groupId: group }: TopicPartition,
    { covered, deadLetters }: Chunk,
    outcome: Outcome,
  ): void {
    if (outcome === 'committed') this.#transactions.inc({ topic, group, outcome })
    this.#handled.inc({ topic, group }, covered - deadLetters.length)
    for (const { reason } of deadLetters) this.#deadLettered.inc({ topic, group, reason })
  }

  #sessionOf({ topic, partition }: EachBatchPayload['batch']): PartitionSession {
    const key = `${topic}-${partition}`
    const known = this.#sessions.get(key)
    if (known !== undefined) return known
    const topicPartition = { groupId: this.#options.groupId, topic, partition }
    const owner = new PartitionOwner(topicPartition, this.#takeOver, this.#options.onStep)
    const session = {
      ...{ topicPartition, owner, refusals: noRefusals },
      ...{ errorsInARow: 0, lastError: '' },
    }
    this.#sessions.set(key, session)
    return session
  }
}

type PlannedWrite = {
  readonly chunk: Chunk
  readonly covered: readonly ConsumedRecord[]
  readonly generation: number
  readonly steps: TransactionSteps
}

/** Keeps the membership alive during slow work; if it is lost, the heartbeat after the work throws. */
async function withHeartbeats<Value>(
  payload: EachBatchPayload,
  work: () => Promise<Value>,
): Promise<Value> {
  const beating = setInterval(() => {
    // The heartbeat after the work gets the same answer, and throws where it can be handled.
    payload.heartbeat().catch(() => undefined)
  }, HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(beating)
  }
}
