import type { EachBatchPayload, IHeaders, Kafka, KafkaMessage } from 'kafkajs'
import type { Counter, Registry } from 'prom-client'
import type { DeadLetters } from './dead-letter.ts'
import { judgeFailure } from './failure.ts'
import { GroupMember, type Log } from './group-member.ts'
import { deadLetteredRecords, handledRecords } from './metrics.ts'

/** One record as its handler sees it. */
export type ConsumedRecord = {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: IHeaders
}

export type ConsumptionOptions = {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topics: readonly string[]
  /** Returns when the record's effect is durable. It may see a record again and must drop repeats by event id. */
  readonly handle: (record: ConsumedRecord) => Promise<void>
  readonly deadLetters: DeadLetters
  readonly metrics: Registry
  readonly log: Log
  readonly sessionTimeoutMs?: number
  /** `on-receipt` commits a record before its effect: a crash in between skips it, which a test shows. */
  readonly commit?: 'after-effect' | 'on-receipt'
}

/**
 * The durable discipline of a reader: only committed data, no commit and no offset resolved by the library
 * (group-member.ts), and the commit after the effect.
 *
 * A crash between effect and commit hands the record out again: the handler's inbox makes that one effect.
 * A record that cannot be used goes to its dead letter topic, and its partition goes on. While an outside is down
 * the record's partition pauses, the others go on, nothing is skipped.
 */
export class Consumption {
  readonly #options: ConsumptionOptions
  readonly #member: GroupMember
  readonly #failures = new Map<string, number>()
  readonly #handled: Counter
  readonly #deadLettered: Counter

  constructor(options: ConsumptionOptions) {
    this.#options = options
    this.#handled = handledRecords(options.metrics, options)
    this.#deadLettered = deadLetteredRecords(options.metrics, options)
    this.#member = new GroupMember({
      ...options,
      minBytes: 1,
      maxWaitMs: 100,
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

  /** Finishes the record in hand, commits, and leaves the group. */
  close(): Promise<void> {
    return this.#member.close()
  }

  async #handleBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    for (const message of batch.messages) {
      if (!payload.isRunning() || payload.isStale()) break
      if (this.#options.commit === 'on-receipt') await commit(payload, message.offset)
      const passed = await this.#handleRecord(payload, recordOf(batch, message))
      if (!passed) break
      payload.resolveOffset(message.offset)
      await payload.heartbeat()
    }
    await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets())
  }

  /** Returns whether the record's offset may be passed: its effect, or its dead letter, is durable. */
  async #handleRecord(payload: EachBatchPayload, record: ConsumedRecord): Promise<boolean> {
    const place = `${record.topic}-${record.partition}`
    try {
      await this.#options.handle(record)
      this.#handled.inc({ topic: record.topic, group: this.#options.groupId })
      this.#failures.delete(place)
      return true
    } catch (error) {
      return this.#handleFailure(payload, record, place, error)
    }
  }

  async #handleFailure(
    payload: EachBatchPayload,
    record: ConsumedRecord,
    place: string,
    error: unknown,
  ): Promise<boolean> {
    const attempt = (this.#failures.get(place) ?? 0) + 1
    const verdict = judgeFailure(error, attempt)
    const { topic, partition, offset } = record
    const context = { topic, partition, offset, attempt, err: error }
    if (verdict.kind === 'dead-letter') {
      const { reason, detail, stack } = verdict
      const { groupId } = this.#options
      this.#options.log.warn(context, 'record goes to the dead letter topic')
      await this.#options.deadLetters.write({ ...record, reason, detail, stack, groupId })
      this.#deadLettered.inc({ topic, group: groupId, reason })
      this.#failures.delete(place)
      return true
    }
    this.#failures.set(place, attempt)
    this.#options.log.warn({ ...context, delayMs: verdict.delayMs }, 'partition pauses')
    const resume = payload.pause()
    setTimeout(resume, verdict.delayMs)
    return false
  }
}

async function commit(payload: EachBatchPayload, offset: string): Promise<void> {
  payload.resolveOffset(offset)
  await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets())
}

export function recordOf(batch: EachBatchPayload['batch'], message: KafkaMessage): ConsumedRecord {
  return {
    topic: batch.topic,
    partition: batch.partition,
    offset: message.offset,
    key: message.key,
    value: message.value,
    headers: message.headers ?? {},
  }
}
