import type { Codec } from '@tenseams/codec/codec'
import type { DeadLetters } from '@tenseams/kafka/dead-letter'
import { type Assignment, GroupMember, longFetch } from '@tenseams/kafka/group-member'
import { fieldsOf } from '@tenseams/kafka/record-fields'
import { WaitingRecords } from '@tenseams/kafka/waiting-records'
import type { Log } from '@tenseams/telemetry/log'
import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs'
import { Pins } from '../maintenance/expiry.ts'
import type { LakehouseMetrics } from '../metrics.ts'
import { type DecodedBatch, type Decoding, decodeBatch, MustWaitError } from './batch.ts'
import { type BronzeTable, bronzeTableOf } from './bronze-table.ts'
import { ByteBudget } from './byte-budget.ts'
import type { ContractFollower } from './contract-follower.ts'
import { fetchBounds, spanOf } from './fetched.ts'
import type { FlushIntervals } from './flush-timer.ts'
import type { Reservation, SinkPlan } from './reservation.ts'
import { TableSink, type TableSinkOptions } from './table-sink.ts'

export type BronzeOptions = Pick<
  TableSinkOptions,
  'ports' | 'logs' | 'onCommitted' | 'maxBufferedRows' | 'log'
> &
  FlushIntervals & {
    readonly kafka: Kafka
    readonly codec: Codec
    /** Finds newer versions of a contract while the service runs; without it each table keeps its first version. */
    readonly follower?: ContractFollower
    readonly deadLetters: DeadLetters
    readonly tables: readonly BronzeTable[]
    /** What all tables together may hold in memory, as an estimate. */
    readonly maxBufferedBytes: number
    readonly metrics: LakehouseMetrics
  }

const GROUP_ID = 'lakehouse'
/** After so many seeks that brought the wrong batch, the log may not continue the table: it is compared again. */
const FRUITLESS_SEEKS = 5
const LOST_OFFSETS_PAUSE_MS = 5_000

/**
 * Reads every topic into its bronze table. The consumer group only assigns partitions to instances: its offsets are never
 * committed and never trusted. The next offset comes from the table.
 */
export class Bronze {
  readonly #options: BronzeOptions
  readonly #log: Log
  readonly #sinks: ReadonlyMap<string, TableSink>
  readonly #member: GroupMember
  readonly #waiting = new WaitingRecords()

  constructor(options: BronzeOptions) {
    this.#options = options
    this.#log = options.log
    const budget = new ByteBudget(options.maxBufferedBytes, options.tables.length)
    const pins = new Pins(options.ports.catalog)
    this.#sinks = new Map(
      options.tables.map((bronze) => {
        const { topic } = bronze
        const sink = new TableSink({
          ...options,
          bronze,
          budget,
          pins,
          onOpened: (topic, nextOffsets) => this.#align(topic, nextOffsets),
          onRoom: (topic) => this.#member.resume(topic),
        })
        options.metrics.deadLettered.inc({ topic, group: GROUP_ID, reason: 'undecodable' }, 0)
        return [topic, sink]
      }),
    )
    this.#member = new GroupMember({
      kafka: options.kafka,
      groupId: GROUP_ID,
      topics: [...this.#sinks.keys()],
      log: options.log,
      metrics: options.metrics.registry,
      // Short, because a partition of a killed instance waits for it; a zombie is stopped by the table, not by the group.
      sessionTimeoutMs: 6_000,
      ...longFetch,
      ...fetchBounds(options.maxBufferedBytes),
      onJoined: (assignment) => this.#joined(assignment),
      onEmpty: (topic, partition, first, last) =>
        this.#sinks.get(topic)?.passEmpty(partition, first, last),
      handleBatch: (payload) => this.#handle(payload),
    })
  }

  /** Opens the tables and joins the group; retries while a dependency is unavailable. */
  start(): void {
    for (const sink of this.#sinks.values()) void sink.reopen('starting')
    this.#member.start()
  }

  /** Throws while the group has not been joined, or a dependency keeps a record waiting. */
  assertReading(): void {
    this.#member.assertReady()
    this.#waiting.assertNoOutage()
  }

  /** Throws while a table cannot be written. */
  assertTablesOpen(): void {
    for (const sink of this.#sinks.values()) sink.assertReady()
  }

  /** Commits what is buffered, then leaves the group. */
  async close(): Promise<void> {
    await Promise.all([...this.#sinks.values()].map((sink) => sink.close()))
    await this.#member.close()
  }

  /** Another instance may have written in between, so every table with partitions here is loaded again. */
  #joined(assignment: Assignment): void {
    this.#waiting.keep(assignment)
    for (const topic of Object.keys(assignment)) {
      void this.#sinks.get(topic)?.reopen('new assignment')
    }
  }

  #align(topic: string, nextOffsets: ReadonlyMap<number, bigint>): void {
    for (const partition of this.#member.assignment?.[topic] ?? []) {
      const offset = nextOffsets.get(partition)
      if (offset !== undefined) this.#member.seek(topic, partition, offset)
    }
    this.#member.resume(topic)
  }

  async #handle(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const sink = this.#sinks.get(batch.topic)
    if (sink === undefined || !payload.isRunning() || payload.isStale()) return
    const plan = sink.plan(batch.partition, spanOf(batch), batch.messages)
    switch (plan.kind) {
      case 'wait':
        // The topic is resumed when the table is open, or has room.
        payload.pause()
        return
      case 'skip':
        payload.resolveOffset(batch.lastOffset())
        return
      case 'seek':
        this.#seekBack(payload, plan)
        return
      case 'accept':
        await this.#accept(payload, sink, plan.reservation)
    }
  }

  #seekBack(payload: EachBatchPayload, plan: Extract<SinkPlan, { kind: 'seek' }>): void {
    const { topic, partition } = payload.batch
    this.#member.seek(topic, partition, plan.offset)
    if (plan.fruitless < FRUITLESS_SEEKS) return
    const [expected, found] = [`${plan.offset}`, `${spanOf(payload.batch).start}`]
    this.#log.error({ topic, partition, expected, found }, 'the expected offset is not in the log')
    void this.#sinks.get(topic)?.reopen('the expected offset is not in the log')
    pauseFor(payload, LOST_OFFSETS_PAUSE_MS)
  }

  async #accept(
    payload: EachBatchPayload,
    sink: TableSink,
    reservation: Reservation,
  ): Promise<void> {
    const decoded = await this.#decode(payload, sink, reservation)
    if (decoded === undefined) return sink.release(reservation)
    if (!sink.take(reservation, decoded)) return
    // The next fetch begins after this offset, so what there was no room for is fetched again.
    const last = reservation.chunk.messages.at(-1)
    if (last !== undefined) payload.resolveOffset(last.offset)
  }

  /** Decodes, and writes the dead letters. While a dependency is unavailable, the partition pauses and the records are fetched again. */
  async #decode(
    payload: EachBatchPayload,
    sink: TableSink,
    { chunk, partition, logEpoch }: Reservation,
  ): Promise<DecodedBatch | undefined> {
    const { topic } = sink.bronze
    const { bronze } = sink
    const { codec, deadLetters, metrics } = this.#options
    try {
      if (await this.#switchContract(payload, sink, chunk.messages)) return undefined
      const records = { partition, messages: chunk.messages, logEpoch }
      const judge: WaitingRecords['judge'] = (record, error) =>
        this.#waiting.judgeNext(record, error)
      const refusalOf: Decoding['refusalOf'] = (...record) =>
        this.#options.follower?.refusalOf(...record)
      const decoding = { codec, groupId: GROUP_ID, refusalOf, judge }
      const decoded = await decodeBatch(decoding, bronze, records)
      for (const deadLetter of decoded.deadLetters) {
        await deadLetters.write(deadLetter)
        const { reason, detail } = deadLetter
        metrics.deadLettered.inc({ topic, group: GROUP_ID, reason })
        this.#log.warn({ ...fieldsOf(deadLetter), reason, detail }, 'record is a dead letter')
      }
      this.#waiting.passedAll({ topic, partition })
      return decoded
    } catch (error) {
      const first = firstOf(topic, partition, chunk.messages)
      const { delayMs } =
        error instanceof MustWaitError
          ? error.verdict
          : this.#waiting.hold(first, 'its batch', error)
      const context = { topic, partition, offset: first.offset, delayMs, err: error }
      this.#log.warn(context, 'partition pauses')
      pauseFor(payload, delayMs)
      return undefined
    }
  }

  /** True when a record needs a newer version of the contract; the table then switches to it, and the records are fetched again. */
  async #switchContract(
    payload: EachBatchPayload,
    sink: TableSink,
    messages: Reservation['chunk']['messages'],
  ): Promise<boolean> {
    const { topic, contract } = sink.bronze
    if (contract === undefined) return false
    const newer = await this.#options.follower?.newerThan(topic, contract, messages)
    if (newer === undefined) return false
    this.#log.info(
      { topic, from: contract.version, to: newer.version },
      'switching to a newer contract',
    )
    payload.pause()
    void sink.follow(bronzeTableOf(topic, newer))
    return true
  }
}

/** The record at which the reader stands. */
function firstOf(topic: string, partition: number, [first]: readonly KafkaMessage[]) {
  const { offset = '-1', timestamp = '0' } = first ?? {}
  return { topic, partition, offset, timestampMs: Number(timestamp) }
}

function pauseFor(payload: EachBatchPayload, ms: number): void {
  const resume = payload.pause()
  setTimeout(resume, ms)
}
