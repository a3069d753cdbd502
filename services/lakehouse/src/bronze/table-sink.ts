import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '@tenseams/codec/errors'
import { fullName, type TableIdentifier } from '@tenseams/iceberg/format/metadata'
import type { OffsetSpan } from '@tenseams/iceberg/offsets/offsets'
import { type AppendBase, type AppendPorts, append } from '@tenseams/iceberg/write/append'
import { backoffMs } from '@tenseams/service/backoff'
import type { Log } from '@tenseams/telemetry/log'
import type { KafkaMessage } from 'kafkajs'
import { Expiry, Pins } from '../maintenance/expiry.ts'
import type { LakehouseMetrics } from '../metrics.ts'
import type { DecodedBatch } from './batch.ts'
import type { BronzeTable } from './bronze-table.ts'
import type { ByteBudget } from './byte-budget.ts'
import { type Chunk, chunkOf } from './fetched.ts'
import { type FlushIntervals, FlushTimer, intervalOf } from './flush-timer.ts'
import { isSameLog, type TableLog } from './log-continuity.ts'
import { NextOffsets, offsetTexts } from './next-offsets.ts'
import type { Reservation, SinkPlan } from './reservation.ts'
import { TableBuffer } from './table-buffer.ts'
import { type Logs, openTable } from './table-opening.ts'
import { inCommitStep } from './traced-rows.ts'

export type TableSinkOptions = FlushIntervals & {
  readonly ports: AppendPorts
  readonly bronze: BronzeTable
  readonly logs: Logs
  /** The table was loaded: seek every partition to its next offset, and resume them. */
  readonly onOpened: (topic: string, nextOffsets: ReadonlyMap<number, bigint>) => void
  /** There is room again: resume the partitions. */
  readonly onRoom: (topic: string) => void
  /** Rows were committed: what is made from the table may be made on. */
  readonly onCommitted?: (table: TableIdentifier) => void
  readonly maxBufferedRows: number
  /** What all tables together may hold. */
  readonly budget: ByteBudget
  /** What other tables need of this one; shared by all tables. */
  readonly pins?: Pins
  readonly metrics: LakehouseMetrics
  readonly log: Log
}

/**
 * | state | batches | leaves by |
 * |---|---|---|
 * | opening | wait | table loaded → writing; close → closed |
 * | writing | are planned and buffered | overtaken, failed append, new assignment → opening; close → closed |
 * | closed | wait | never |
 */
type State =
  | { readonly kind: 'opening'; readonly reason: string }
  | { readonly kind: 'writing'; readonly nextOffsets: NextOffsets; readonly log: TableLog }
  | { readonly kind: 'closed' }

type Writing = Extract<State, { readonly kind: 'writing' }>

/** Of a buffer that takes nothing before the table is open. */
const NO_LOG: TableLog = { id: '', epoch: 0, leaderEpochs: new Map() }
const RETRY = { firstMs: 200, longestMs: 5_000 }

/**
 * Writes the decoded batches of one topic to its table. Offsets and rows go into the same commit, so a crash at any moment
 * loses only what is buffered, and that is read again from the table's offsets. Whenever it is in doubt what the table
 * holds, the buffer is dropped first and the table is loaded then, never the other way round.
 */
export class TableSink {
  readonly #options: TableSinkOptions
  readonly #labels: { readonly table: string }
  readonly #abort = new AbortController()
  readonly #expiry: Expiry
  #state: State = { kind: 'opening', reason: 'not opened yet' }
  #bronze: BronzeTable
  #base: AppendBase | undefined
  #buffer: TableBuffer
  readonly #timer = new FlushTimer(() => void this.#inTurn(() => this.#flush()))
  /** Runs flushes and openings one after another; it never rejects. */
  #queue: Promise<void> = Promise.resolve()

  constructor(options: TableSinkOptions) {
    this.#options = options
    this.#bronze = options.bronze
    this.#expiry = new Expiry(options.pins ?? new Pins(options.ports.catalog))
    this.#labels = { table: fullName(options.bronze.table) }
    this.#buffer = new TableBuffer(options.bronze.topic, NO_LOG)
    options.metrics.rows.inc(this.#labels, 0)
    options.metrics.conflicts.inc(this.#labels, 0)
  }

  /** Commits what is buffered and loads the table, until that succeeds. For the start and for new assignments. */
  reopen(reason: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#flush()
      await this.#open(reason)
    })
  }

  /** The table and its contract as they are written now; `follow` changes them. */
  get bronze(): BronzeTable {
    return this.#bronze
  }

  /** Commits what is buffered, and continues with a newer version of the contract. Batches wait meanwhile. */
  follow(bronze: BronzeTable): Promise<void> {
    return this.#inTurn(async () => {
      await this.#flush()
      this.#bronze = bronze
      await this.#open('a newer version of the contract')
    })
  }

  /** Throws while batches must wait. */
  assertReady(): void {
    if (this.#state.kind === 'writing') return
    throw new Error(`${this.#labels.table}: ${reasonOf(this.#state)}`)
  }

  /** Plans a batch. As much of it is accepted as there is room for; the rest is fetched again. */
  plan(partition: number, batch: OffsetSpan, messages: readonly KafkaMessage[]): SinkPlan {
    const state = this.#state
    if (state.kind !== 'writing') return { kind: 'wait' }
    const { nextOffsets } = state
    const plan = nextOffsets.plan(partition, batch)
    if (plan === undefined) {
      void this.reopen('a new partition')
      return { kind: 'wait' }
    }
    if (plan.kind !== 'accept') return { ...plan, fruitless: nextOffsets.fruitlessSeeks(partition) }
    const chunk = this.#fitting(messages, plan.span)
    if (chunk === undefined) return { kind: 'wait' }
    this.#reserve(chunk.bytes)
    const logEpoch = state.log.epoch
    return { kind: 'accept', reservation: { nextOffsets, partition, chunk, logEpoch } }
  }

  /** @returns false when the table was opened again meanwhile: the records are dropped and fetched again. */
  take(reservation: Reservation, batch: DecodedBatch): boolean {
    const state = this.#state
    if (state.kind !== 'writing' || state.nextOffsets !== reservation.nextOffsets) {
      this.release(reservation)
      return false
    }
    const { span, bytes } = reservation.chunk
    state.nextOffsets.advance(reservation.partition, span.end)
    // Ticks wait for the next row, however many they are, so bytes that they hold might never be released.
    const isEmpty = batch.rows.length === 0 && batch.deadLetters.length === 0
    if (isEmpty) this.release(reservation)
    this.#buffer.add(reservation.partition, span, batch, isEmpty ? 0 : bytes)
    this.#options.metrics.bufferedRows.set(this.#labels, this.#buffer.rows.length)
    this.#schedule(reservation.chunk)
    return true
  }

  /** Frees the reserved bytes of records that were not decoded. */
  release({ chunk }: Reservation): void {
    this.#releaseBytes(chunk.bytes)
  }

  passEmpty(partition: number, first: bigint, last: bigint): void {
    if (this.#state.kind === 'writing') this.#state.nextOffsets.passEmpty(partition, first, last)
  }

  /** Commits what is buffered. Batches wait from now on. */
  close(): Promise<void> {
    this.#abort.abort()
    return this.#inTurn(async () => {
      await this.#flush()
      this.#state = { kind: 'closed' }
    })
  }

  #isFull(): boolean {
    const { budget, maxBufferedRows } = this.#options
    return this.#buffer.rows.length >= maxBufferedRows || budget.roomFor(this.#labels.table) === 0
  }

  #fitting(messages: readonly KafkaMessage[], span: OffsetSpan): Chunk | undefined {
    const { budget, maxBufferedRows } = this.#options
    const name = this.#labels.table
    const rows = maxBufferedRows - this.#buffer.rows.length
    const chunk = chunkOf(messages, span, { rows, bytes: budget.roomFor(name) })
    if (chunk !== undefined) return chunk
    // A record larger than all the room there is must pass at some time, so it is taken alone.
    if (budget.heldBy(name) === 0) {
      return chunkOf(messages, span, { rows: 1, bytes: Number.POSITIVE_INFINITY })
    }
    budget.whenRoom(name, () => this.#options.onRoom(this.#bronze.topic))
    // Nothing is accepted before the next commit, so it is made at once.
    if (this.#buffer.isDue) void this.#inTurn(() => this.#flush())
    return undefined
  }

  #reserve(bytes: number): void {
    this.#options.budget.take(this.#labels.table, bytes)
    this.#options.metrics.bufferedBytes.set(this.#options.budget.held)
  }

  #releaseBytes(bytes: number): void {
    this.#options.budget.release(this.#labels.table, bytes)
    this.#options.metrics.bufferedBytes.set(this.#options.budget.held)
  }

  #schedule({ messages }: Chunk): void {
    if (!this.#buffer.isDue) return
    if (this.#isFull()) return void this.#inTurn(() => this.#flush())
    const rows = this.#buffer.rows.length
    this.#timer.start(intervalOf(this.#options, rows, messages.at(-1), Date.now()))
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(work)
    return this.#queue
  }

  async #flush(): Promise<void> {
    this.#timer.stop()
    const state = this.#state
    if (state.kind !== 'writing' || this.#base === undefined || !this.#buffer.isDue) return
    const buffer = this.#buffer
    this.#buffer = new TableBuffer(this.#bronze.topic, state.log)
    try {
      await this.#append(state, this.#base, buffer)
    } catch (error) {
      this.#options.log.error({ ...this.#labels, err: error }, 'append failed')
      await this.#open('an append failed')
    } finally {
      this.#releaseBytes(buffer.bytes)
    }
  }

  async #append(state: Writing, base: AppendBase, buffer: TableBuffer): Promise<void> {
    const { ports, metrics, log, onRoom, onCommitted, logs } = this.#options
    const { table, topic } = this.#bronze
    const begun = performance.now()
    // Ids are never used again, and a log is only cut when its leader changes. The records were fetched between the table's
    // opening and this question, so with the same answer they are of the log that the table was opened for.
    if (!isSameLog(state.log, await logs.identityOf(topic))) {
      return this.#open(`${topic} has another leader, or was made again`)
    }
    const { rows, traced } = buffer
    const outcome = await inCommitStep({ ...this.#labels, rows: rows.length, traced }, () =>
      append(ports, table, base, buffer),
    )
    metrics.conflicts.inc(this.#labels, outcome.conflicts)
    metrics.bufferedRows.set(this.#labels, this.#buffer.rows.length)
    if (outcome.kind === 'overtaken') {
      log.warn({ ...this.#labels, rows: buffer.rows.length }, 'another writer was first')
      return this.#open('another writer was first')
    }
    this.#base = outcome.base
    metrics.commits.inc(this.#labels)
    metrics.rows.inc(this.#labels, buffer.rows.length)
    metrics.commitDuration.observe(this.#labels, (performance.now() - begun) / 1_000)
    if (Number.isFinite(buffer.oldestMs)) {
      metrics.freshness.observe(this.#labels, Math.max(0, Date.now() - buffer.oldestMs) / 1_000)
    }
    if (this.#state === state) onRoom(topic)
    onCommitted?.(table)
    this.#base = await this.#expiry.afterCommit(this.#options, table, outcome.base)
  }

  async #open(reason: string): Promise<void> {
    this.#state = { kind: 'opening', reason }
    this.#releaseBytes(this.#buffer.bytes)
    this.#buffer = new TableBuffer(this.#bronze.topic, NO_LOG)
    for (let attempt = 1; !this.#abort.signal.aborted; attempt++) {
      try {
        return await this.#openOnce()
      } catch (error) {
        this.#state = { kind: 'opening', reason: messageOf(error) }
        this.#options.log.warn({ ...this.#labels, attempt, err: error }, 'table cannot be opened')
        await this.#pause(backoffMs(attempt, RETRY))
      }
    }
  }

  async #openOnce(): Promise<void> {
    const { ports, metrics, logs, onOpened, log } = this.#options
    const { base, log: ofTable, nextOffsets } = await openTable(ports, this.#bronze, logs)
    this.#base = base
    this.#buffer = new TableBuffer(this.#bronze.topic, ofTable)
    this.#state = { kind: 'writing', nextOffsets: new NextOffsets(nextOffsets), log: ofTable }
    metrics.reopenings.inc(this.#labels)
    log.info({ ...this.#labels, offsets: offsetTexts(nextOffsets) }, 'table is open')
    onOpened(this.#bronze.topic, nextOffsets)
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#abort
    await delay(ms, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
}

function reasonOf(state: State): string {
  return state.kind === 'opening' ? `opening (${state.reason})` : state.kind
}
