import type { EachBatchPayload, Kafka } from 'kafkajs'
import type { Counter, Registry } from 'prom-client'
import { type DeadLetters, deadLetterOf } from './dead-letter.ts'
import type { Verdict } from './failure.ts'
import { GroupMember, type Log } from './group-member.ts'
import { deadLetteredRecords, handledRecords } from './metrics.ts'
import { type ConsumedRecord, recordOf } from './record.ts'
import { WaitingRecords } from './waiting-records.ts'

export type ConsumptionOptions = {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topics: readonly string[]
  /** Returns when the record's effect is durable. A record may be redelivered: drop repeats by event id. */
  readonly handle: (record: ConsumedRecord) => Promise<void>
  readonly deadLetters: DeadLetters
  readonly metrics: Registry
  readonly log: Log
  readonly sessionTimeoutMs?: number
  /** When a record's offset is committed: `commitAfterEffect` unless given. */
  readonly commitOffset?: OffsetCommit
}

/** One record of a batch, as the decision on its offset sees it. */
export type RecordInBatch = {
  /** True when the offset may be committed, because the record's effect or its dead-letter record is durable. */
  handle(): Promise<boolean>
  /** Commits the offset of this record now. */
  commit(): Promise<void>
}

/** Returns whether the next record of the batch may follow. */
export type OffsetCommit = (record: RecordInBatch) => Promise<boolean>

/** The offset is resolved when this returns true, and committed with those of the rest of the batch. */
export const commitAfterEffect: OffsetCommit = ({ handle }) => handle()

/**
 * Reads durably: only committed data, no offset committed or resolved by the library (group-member.ts), and each offset
 * committed after the effect.
 *
 * After a crash between effect and commit the record is redelivered; the handler's inbox drops the repeat. A record that
 * cannot be used becomes a dead letter, and its partition continues. While a dependency is unavailable, the record's
 * partition pauses; other partitions continue, and nothing is skipped.
 */
export class Consumption {
  readonly #options: ConsumptionOptions
  readonly #member: GroupMember
  readonly #commitOffset: OffsetCommit
  readonly #waiting = new WaitingRecords()
  readonly #handled: Counter
  readonly #deadLettered: Counter

  constructor(options: ConsumptionOptions) {
    this.#options = options
    this.#commitOffset = options.commitOffset ?? commitAfterEffect
    this.#handled = handledRecords(options.metrics, options)
    this.#deadLettered = deadLetteredRecords(options.metrics, options)
    this.#member = new GroupMember({
      ...options,
      minBytes: 1,
      maxWaitMs: 100,
      onJoined: (assignment) => this.#waiting.keep(assignment),
      handleBatch: (payload) => this.#handleBatch(payload),
    })
  }

  /** Starts to read and returns at once; waits for an unavailable broker. */
  start(): void {
    this.#member.start()
  }

  /** Throws while the group has not been joined, or a dependency keeps a record waiting. */
  assertReady(): void {
    this.#member.assertReady()
    this.#waiting.assertNoOutage()
  }

  /** Finishes the record under way, commits, and leaves the group. */
  close(): Promise<void> {
    return this.#member.close()
  }

  async #handleBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    for (const message of batch.messages) {
      if (!payload.isRunning() || payload.isStale()) break
      const isDone = await this.#commitOffset({
        handle: () => this.#handleRecord(payload, recordOf(batch, message)),
        commit: () => commitNow(payload, message.offset),
      })
      if (!isDone) break
      payload.resolveOffset(message.offset)
      await payload.heartbeat()
    }
    await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets())
  }

  /** True when the offset may be committed, because the record's effect or its dead-letter record is durable. */
  async #handleRecord(payload: EachBatchPayload, record: ConsumedRecord): Promise<boolean> {
    try {
      if (record.unreadable !== undefined) throw record.unreadable
      await this.#options.handle(record)
      this.#handled.inc({ topic: record.topic, group: this.#options.groupId })
      this.#waiting.passed(record)
      return true
    } catch (error) {
      return this.#handleFailure(payload, record, error)
    }
  }

  async #handleFailure(
    payload: EachBatchPayload,
    record: ConsumedRecord,
    error: unknown,
  ): Promise<boolean> {
    const verdict = this.#waiting.judge(record, error)
    if (verdict.kind === 'wait') return this.#pause(payload, record, verdict, error)
    const { topic, partition, offset } = record
    const context = { topic, partition, offset, err: error }
    this.#options.log.warn(context, 'record goes to the dead letter topic')
    try {
      await this.#deadLetter(record, verdict)
      return true
    } catch (failure) {
      const waiting = this.#waiting.hold(record, 'its dead letter cannot be written', failure)
      return this.#pause(payload, record, waiting, failure)
    }
  }

  async #deadLetter(
    record: ConsumedRecord,
    verdict: Extract<Verdict, { readonly kind: 'dead-letter' }>,
  ): Promise<void> {
    const { groupId, deadLetters } = this.#options
    await deadLetters.write(deadLetterOf(record, verdict, groupId))
    this.#deadLettered.inc({ topic: record.topic, group: groupId, reason: verdict.reason })
    this.#waiting.passed(record)
  }

  /** The record is fetched again after the pause; other partitions go on. Returns that it is not done. */
  #pause(
    payload: EachBatchPayload,
    record: ConsumedRecord,
    { fault, delayMs }: Extract<Verdict, { readonly kind: 'wait' }>,
    error: unknown,
  ): false {
    const { topic, partition, offset } = record
    const attempt = this.#waiting.attemptsOf(record)
    const context = { topic, partition, offset, attempt, fault, delayMs, err: error }
    this.#options.log.warn(context, 'partition pauses')
    setTimeout(payload.pause(), delayMs)
    return false
  }
}

async function commitNow(payload: EachBatchPayload, offset: string): Promise<void> {
  payload.resolveOffset(offset)
  await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets())
}
