import { setTimeout as delay } from 'node:timers/promises'
import type { Codec } from '@tenseams/contracts/codec'
import type { DeadLetters } from '@tenseams/kafka/dead-letter'
import type { OffsetSpan } from '@tenseams/lakehouse/offsets'
import type { Batch, Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import { type DecodedBatch, decodeBatch } from './batch.ts'
import type { BronzeTable } from './bronze-table.ts'
import type { LakehouseMetrics } from './metrics.ts'
import { type Log, type SinkPlan, TableSink, type TableSinkOptions } from './table-sink.ts'

export type BronzeOptions = Pick<
  TableSinkOptions,
  'ports' | 'flushIntervalMs' | 'maxBufferedRows' | 'log'
> & {
  readonly kafka: Kafka
  readonly codec: Codec
  readonly deadLetters: DeadLetters
  readonly tables: readonly BronzeTable[]
  /** A broken mode, for the proof that shows what it does: aborted records are read as well. */
  readonly readUncommitted?: boolean
  readonly metrics: LakehouseMetrics
}

const GROUP_ID = 'lakehouse'
const RESTART_DELAY_MS = 500
const OUTAGE_PAUSE_MS = 1_000
/** A seek that brings the wrong batch so often means that the log begins later than the table ends. */
const FRUITLESS_SEEKS = 5
const LOST_OFFSETS_PAUSE_MS = 5_000

/**
 * Reads every topic into its bronze table. The group only spreads partitions over instances: its offsets are never
 * committed and never trusted, each table says where it goes on.
 */
export class Bronze {
  readonly #options: BronzeOptions
  readonly #log: Log
  readonly #sinks: ReadonlyMap<string, { readonly bronze: BronzeTable; readonly sink: TableSink }>
  #consumer: Consumer | undefined
  #assigned: Readonly<Record<string, readonly number[]>> | undefined
  #closing = false

  constructor(options: BronzeOptions) {
    this.#options = options
    this.#log = options.log
    this.#sinks = new Map(
      options.tables.map((bronze) => {
        const sink = new TableSink({
          ...options,
          bronze,
          firstOffsets: (topic) => firstOffsets(options.kafka, topic),
          onOpened: (topic, positions) => this.#align(topic, positions),
          onRoom: (topic) => this.#resume(topic),
        })
        options.metrics.deadLettered.inc(
          { topic: bronze.topic, group: GROUP_ID, reason: 'undecodable' },
          0,
        )
        return [bronze.topic, { bronze, sink }]
      }),
    )
  }

  /** Opens tables and group; what is away is waited for. */
  start(): void {
    for (const { sink } of this.#sinks.values()) void sink.reopen('starting')
    void this.#consume()
  }

  /** Throws while the group has not been joined. */
  assertJoined(): void {
    if (this.#assigned === undefined) throw new Error(`group ${GROUP_ID} has not been joined`)
  }

  /** Throws while a table cannot be written. */
  assertTablesOpen(): void {
    for (const { sink } of this.#sinks.values()) sink.assertReady()
  }

  /** Commits what is buffered, then leaves the group. */
  async close(): Promise<void> {
    this.#closing = true
    await Promise.all([...this.#sinks.values()].map(({ sink }) => sink.close()))
    await this.#consumer?.disconnect()
  }

  async #consume(): Promise<void> {
    while (!this.#closing) {
      const consumer = this.#makeConsumer()
      this.#consumer = consumer
      try {
        await consumer.connect()
        await consumer.subscribe({ topics: [...this.#sinks.keys()], fromBeginning: true })
        await consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: 4,
          eachBatch: (payload) => this.#handle(payload),
        })
        return
      } catch (error) {
        this.#log.warn({ err: error }, 'consumer cannot start yet')
        await consumer.disconnect()
        await delay(RESTART_DELAY_MS)
      }
    }
  }

  #makeConsumer(): Consumer {
    const consumer = this.#options.kafka.consumer({
      groupId: GROUP_ID,
      readUncommitted: this.#options.readUncommitted ?? false,
      allowAutoTopicCreation: false,
      // Short, because a partition of a killed instance waits for it; a zombie is stopped by the table, not by the group.
      sessionTimeout: 6_000,
      heartbeatInterval: 1_500,
      rebalanceTimeout: 30_000,
      maxWaitTimeInMs: 100,
      maxBytesPerPartition: 1_048_576,
      maxBytes: 8_388_608,
      retry: { restartOnFailure: async () => !this.#closing },
    })
    consumer.on('consumer.group_join', ({ payload }) => this.#joined(payload.memberAssignment))
    consumer.on('consumer.end_batch_process', ({ payload }) => {
      if (payload.batchSize > 0) return
      const { topic, partition, firstOffset, lastOffset } = payload
      if (firstOffset === null) return
      this.#sinks.get(topic)?.sink.passEmpty(partition, BigInt(firstOffset), BigInt(lastOffset))
    })
    consumer.on('consumer.crash', ({ payload }) => {
      this.#assigned = undefined
      this.#log.warn({ err: payload.error, restart: payload.restart }, 'consumer restarts')
      if (!payload.restart && !this.#closing) setTimeout(() => this.#consume(), RESTART_DELAY_MS)
    })
    return consumer
  }

  /** Another instance may have written since: every table with partitions here is read anew. */
  #joined(assigned: Readonly<Record<string, readonly number[]>>): void {
    this.#assigned = assigned
    for (const topic of Object.keys(assigned)) {
      void this.#sinks.get(topic)?.sink.reopen('new assignment')
    }
  }

  #align(topic: string, positions: ReadonlyMap<number, bigint>): void {
    for (const partition of this.#assigned?.[topic] ?? []) {
      const offset = positions.get(partition)
      if (offset !== undefined) this.#seek(topic, partition, offset)
    }
    this.#resume(topic)
  }

  #seek(topic: string, partition: number, offset: bigint): void {
    this.#consumer?.seek({ topic, partition, offset: offset.toString() })
  }

  #resume(topic: string): void {
    if (this.#assigned !== undefined) this.#consumer?.resume([{ topic }])
  }

  async #handle(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const target = this.#sinks.get(batch.topic)
    if (target === undefined || !payload.isRunning() || payload.isStale()) return
    const plan = target.sink.plan(batch.partition, spanOf(batch))
    switch (plan.kind) {
      case 'wait':
        // The table's opening, or its room, lets the topic flow again.
        payload.pause()
        return
      case 'skip':
        payload.resolveOffset(batch.lastOffset())
        return
      case 'seek':
        this.#seekBack(payload, plan)
        return
      case 'accept':
        await this.#accept(payload, target, plan)
    }
  }

  #seekBack(payload: EachBatchPayload, plan: Extract<SinkPlan, { kind: 'seek' }>): void {
    const { topic, partition } = payload.batch
    this.#seek(topic, partition, plan.offset)
    if (plan.fruitless < FRUITLESS_SEEKS) return
    const context = {
      topic,
      partition,
      expected: `${plan.offset}`,
      found: `${spanOf(payload.batch).start}`,
    }
    this.#log.error(
      context,
      'the expected offset is not in the log: records were lost to retention',
    )
    pauseFor(payload, LOST_OFFSETS_PAUSE_MS)
  }

  async #accept(
    payload: EachBatchPayload,
    { bronze, sink }: { readonly bronze: BronzeTable; readonly sink: TableSink },
    plan: Extract<SinkPlan, { kind: 'accept' }>,
  ): Promise<void> {
    const { batch } = payload
    const decoded = await this.#decode(payload, bronze)
    if (decoded === undefined) return
    if (!sink.take(plan.ticket, plan.span, decoded)) return
    const last = batch.messages.at(-1)
    if (last !== undefined) payload.resolveOffset(last.offset)
  }

  /** Decodes and writes the dead letters. While an outside is away, the partition pauses and the batch comes again. */
  async #decode(payload: EachBatchPayload, bronze: BronzeTable): Promise<DecodedBatch | undefined> {
    const { topic, partition } = payload.batch
    try {
      const decoded = await decodeBatch(this.#options.codec, bronze, payload.batch, GROUP_ID)
      for (const letter of decoded.letters) {
        await this.#options.deadLetters.write(letter)
        const { reason, offset, detail } = letter
        this.#options.metrics.deadLettered.inc({ topic, group: GROUP_ID, reason })
        this.#log.warn({ topic, partition, offset, reason, detail }, 'record is a dead letter')
      }
      return decoded
    } catch (error) {
      this.#log.warn({ topic, partition, err: error }, 'partition pauses')
      pauseFor(payload, OUTAGE_PAUSE_MS)
      return undefined
    }
  }
}

function pauseFor(payload: EachBatchPayload, ms: number): void {
  const resume = payload.pause()
  setTimeout(resume, ms)
}

/** From where the fetch began, which kafkajs knows and its types do not tell, to the offset after its last record. */
function spanOf(batch: Batch): OffsetSpan {
  const start: unknown = Reflect.get(batch, 'fetchedOffset')
  if (typeof start !== 'string' && typeof start !== 'number') {
    throw new Error('kafkajs: a batch without fetchedOffset')
  }
  return { start: BigInt(start), end: BigInt(batch.lastOffset()) + 1n }
}

async function firstOffsets(kafka: Kafka, topic: string): Promise<ReadonlyMap<number, bigint>> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    const offsets = await admin.fetchTopicOffsets(topic)
    return new Map(offsets.map(({ partition, low }) => [partition, BigInt(low)]))
  } finally {
    await admin.disconnect()
  }
}
