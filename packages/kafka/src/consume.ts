import { setTimeout as delay } from 'node:timers/promises'
import type { Consumer, EachBatchPayload, IHeaders, Kafka, KafkaMessage } from 'kafkajs'
import type { Counter, Registry } from 'prom-client'
import type { DeadLetters } from './dead-letter.ts'
import { judgeFailure } from './failure.ts'
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

type Log = {
  info(context: object, message: string): void
  warn(context: object, message: string): void
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
}

const SESSION_TIMEOUT_MS = 15_000
const RESTART_DELAY_MS = 500

/**
 * The durable discipline of a reader, in four lines that stand together below: only committed data
 * (`readUncommitted: false`), no commit by timer (`autoCommit: false`), no offset resolved by the library
 * (`eachBatchAutoResolve: false`), and the commit after the effect.
 *
 * A crash between effect and commit hands the record out again: the handler's inbox makes that one effect.
 * A record that cannot be used goes to its dead letter topic, and its partition goes on. While an outside is down
 * the record's partition pauses, the others go on, nothing is skipped.
 */
export class Consumption {
  readonly #options: ConsumptionOptions
  readonly #consumer: Consumer
  readonly #failures = new Map<string, number>()
  readonly #handled: Counter
  readonly #deadLettered: Counter
  #joined = false
  #closing = false

  constructor(options: ConsumptionOptions) {
    this.#options = options
    this.#handled = handledRecords(options.metrics)
    this.#deadLettered = deadLetteredRecords(options.metrics)
    for (const topic of options.topics) {
      const labels = { topic, group: options.groupId }
      this.#handled.inc(labels, 0)
      this.#deadLettered.inc({ ...labels, reason: 'undecodable' }, 0)
    }
    this.#consumer = options.kafka.consumer({
      groupId: options.groupId,
      readUncommitted: false,
      allowAutoTopicCreation: false,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: 3_000,
      rebalanceTimeout: 30_000,
      maxWaitTimeInMs: 100,
      maxBytesPerPartition: 1_048_576,
      maxBytes: 8_388_608,
      retry: { restartOnFailure: async () => !this.#closing },
    })
    this.#consumer.on('consumer.group_join', () => {
      this.#joined = true
    })
    this.#consumer.on('consumer.crash', ({ payload }) => {
      this.#joined = false
      options.log.warn({ err: payload.error, restart: payload.restart }, 'consumer restarts')
    })
  }

  /** Starts to read and returns at once; a broker that is away is waited for. */
  start(): void {
    void this.#startWhenPossible()
  }

  /** Throws while the group has not been joined. */
  assertReady(): void {
    if (!this.#joined) throw new Error(`group ${this.#options.groupId} has not been joined`)
  }

  /** Finishes the record in hand, commits, and leaves the group. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#consumer.disconnect()
  }

  async #startWhenPossible(): Promise<void> {
    while (!this.#closing) {
      try {
        await this.#consumer.connect()
        await this.#consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true })
        await this.#consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: 4,
          eachBatch: (payload) => this.#handleBatch(payload),
        })
        return
      } catch (error) {
        this.#options.log.warn({ err: error }, 'consumer cannot start yet')
        await delay(RESTART_DELAY_MS)
      }
    }
  }

  async #handleBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    for (const message of batch.messages) {
      if (!payload.isRunning() || payload.isStale()) break
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
      this.#options.log.warn(context, 'record goes to the dead letter topic')
      await this.#options.deadLetters.write({
        ...record,
        reason: verdict.reason,
        detail: verdict.detail,
        groupId: this.#options.groupId,
      })
      this.#deadLettered.inc({ topic, group: this.#options.groupId, reason: verdict.reason })
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
