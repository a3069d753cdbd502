import { setTimeout as delay } from 'node:timers/promises'
import { fullName } from '@tenseams/iceberg/format/metadata'
import type { BatchPlan, OffsetSpan } from '@tenseams/iceberg/offsets/offsets'
import { type AppendBase, type AppendPorts, append } from '@tenseams/iceberg/write/append'
import { backoffMs } from '@tenseams/service/backoff'
import { startAtZero } from '@tenseams/telemetry/counter'
import type { KafkaMessage } from 'kafkajs'
import type { Log } from '../log.ts'
import { Expiry } from '../maintenance/expiry.ts'
import type { LakehouseMetrics } from '../metrics.ts'
import type { DecodedBatch } from './batch.ts'
import type { BronzeTable } from './bronze-table.ts'
import type { ByteBudget } from './byte-budget.ts'
import { type Portion, portionOf } from './fetched.ts'
import { offsetTexts, Positions } from './next-offsets.ts'
import { TableBuffer } from './table-buffer.ts'
import { openTable } from './table-opening.ts'

export type TableSinkOptions = {
  readonly ports: AppendPorts
  readonly bronze: BronzeTable
  /** The first offset of each partition that the broker still has. */
  readonly firstOffsets: (topic: string) => Promise<ReadonlyMap<number, bigint>>
  /** The table was read anew: seek every partition to its position, and let them flow. */
  readonly onOpened: (topic: string, positions: ReadonlyMap<number, bigint>) => void
  /** There is room again: let the partitions flow. */
  readonly onRoom: (topic: string) => void
  readonly flushIntervalMs: number
  readonly maxBufferedRows: number
  /** What all tables together may hold. */
  readonly budget: ByteBudget
  readonly metrics: LakehouseMetrics
  readonly log: Log
}

/**
 * | state | batches | leaves by |
 * |---|---|---|
 * | opening | wait | the table was read → writing; close → closed |
 * | writing | are planned and buffered | lost base, failed append, new assignment → opening; close → closed |
 * | closed | wait | never |
 */
type State =
  | { readonly kind: 'opening'; readonly reason: string }
  | { readonly kind: 'writing'; readonly positions: Positions }
  | { readonly kind: 'closed' }

type Writing = Extract<State, { readonly kind: 'writing' }>

/** Records that were planned in one opening of the table and may be taken in that one only. Their bytes are held by then. */
export type Ticket = {
  readonly positions: Positions
  readonly partition: number
  readonly portion: Portion
}

export type SinkPlan =
  | (Exclude<BatchPlan, { kind: 'accept' }> & { readonly fruitless: number })
  /** Decode these and `take` the ticket, or `giveBack` it. */
  | { readonly kind: 'accept'; readonly ticket: Ticket }
  | { readonly kind: 'wait' }

const RETRY = { firstMs: 200, longestMs: 5_000 }

/**
 * One table's way from decoded batches to snapshots. Offsets and rows go into the same commit, so a crash at any moment loses only
 * what is buffered, and that is read again from the table's offsets. Whenever it is in doubt what the table holds, the
 * buffer is dropped and the table is read anew: never the other way round.
 */
export class TableSink {
  readonly #options: TableSinkOptions
  readonly #labels: { readonly table: string }
  readonly #abort = new AbortController()
  readonly #expiry = new Expiry()
  #state: State = { kind: 'opening', reason: 'not opened yet' }
  #bronze: BronzeTable
  #base: AppendBase | undefined
  #buffer: TableBuffer
  #timer: NodeJS.Timeout | undefined
  /** Flushes and openings one after another; it never rejects. */
  #queue: Promise<void> = Promise.resolve()

  constructor(options: TableSinkOptions) {
    this.#options = options
    this.#bronze = options.bronze
    this.#labels = { table: fullName(options.bronze.table) }
    this.#buffer = new TableBuffer(options.bronze.topic)
    startAtZero(options.metrics.rows, [this.#labels])
    startAtZero(options.metrics.conflicts, [this.#labels])
  }

  /** Commits what is buffered and reads the table anew, until that succeeds. For the start and new assignments. */
  reopen(reason: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#flush()
      await this.#open(reason)
    })
  }

  /** The table as it is written now; `follow` changes it. */
  get bronze(): BronzeTable {
    return this.#bronze
  }

  /** Commits what is buffered, and goes on with a newer version of the contract. What comes meanwhile waits. */
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

  /** What to do with a batch, of which as much is accepted as there is room for; the rest is fetched again. */
  plan(partition: number, batch: OffsetSpan, messages: readonly KafkaMessage[]): SinkPlan {
    const state = this.#state
    if (state.kind !== 'writing') return { kind: 'wait' }
    const { positions } = state
    const plan = positions.plan(partition, batch)
    if (plan === undefined) {
      void this.reopen('a new partition')
      return { kind: 'wait' }
    }
    if (plan.kind !== 'accept') return { ...plan, fruitless: positions.fruitlessSeeks(partition) }
    const portion = this.#fitting(messages, plan.span)
    if (portion === undefined) return { kind: 'wait' }
    this.#hold(portion.bytes)
    return { kind: 'accept', ticket: { positions, partition, portion } }
  }

  /** @returns false when the table was opened anew meanwhile: the records are dropped and come again. */
  take(ticket: Ticket, batch: DecodedBatch): boolean {
    const state = this.#state
    if (state.kind !== 'writing' || state.positions !== ticket.positions) {
      this.giveBack(ticket)
      return false
    }
    const { span, bytes } = ticket.portion
    state.positions.advance(ticket.partition, span.end)
    // Ticks wait for the next row, however many they are: what they held would never be given back.
    const isEmpty = batch.rows.length === 0 && batch.letters.length === 0
    if (isEmpty) this.giveBack(ticket)
    this.#buffer.add(ticket.partition, span, batch, isEmpty ? 0 : bytes)
    this.#options.metrics.bufferedRows.set(this.#labels, this.#buffer.rows.length)
    this.#schedule()
    return true
  }

  /** The records were not decoded. */
  giveBack({ portion }: Ticket): void {
    this.#letGo(portion.bytes)
  }

  passEmpty(partition: number, first: bigint, last: bigint): void {
    if (this.#state.kind === 'writing') this.#state.positions.passEmpty(partition, first, last)
  }

  /** Commits what is buffered; batches wait from now on. */
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

  #fitting(messages: readonly KafkaMessage[], span: OffsetSpan): Portion | undefined {
    const { budget, maxBufferedRows } = this.#options
    const name = this.#labels.table
    const rows = maxBufferedRows - this.#buffer.rows.length
    const portion = portionOf(messages, span, { rows, bytes: budget.roomFor(name) })
    if (portion !== undefined) return portion
    // Larger than the whole room, and alone: it must pass some time.
    if (budget.heldBy(name) === 0) {
      return portionOf(messages, span, { rows: 1, bytes: Number.POSITIVE_INFINITY })
    }
    budget.whenRoom(name, () => this.#options.onRoom(this.#bronze.topic))
    // Nothing more comes before the next commit, so there is nothing to wait for.
    if (this.#buffer.isDue) void this.#inTurn(() => this.#flush())
    return undefined
  }

  #hold(bytes: number): void {
    this.#options.budget.take(this.#labels.table, bytes)
    this.#options.metrics.bufferedBytes.set(this.#options.budget.held)
  }

  #letGo(bytes: number): void {
    this.#options.budget.release(this.#labels.table, bytes)
    this.#options.metrics.bufferedBytes.set(this.#options.budget.held)
  }

  #schedule(): void {
    if (!this.#buffer.isDue) return
    const flush = () => this.#inTurn(() => this.#flush())
    if (this.#isFull()) void flush()
    else this.#timer ??= setTimeout(flush, this.#options.flushIntervalMs)
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(work)
    return this.#queue
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const state = this.#state
    if (state.kind !== 'writing' || this.#base === undefined || !this.#buffer.isDue) return
    const buffer = this.#buffer
    this.#buffer = new TableBuffer(this.#bronze.topic)
    try {
      await this.#append(state, this.#base, buffer)
    } catch (error) {
      this.#options.log.error({ ...this.#labels, err: error }, 'append failed')
      await this.#open('an append failed')
    } finally {
      this.#letGo(buffer.bytes)
    }
  }

  async #append(state: Writing, base: AppendBase, buffer: TableBuffer): Promise<void> {
    const { ports, metrics, log, onRoom } = this.#options
    const { table, topic } = this.#bronze
    const begun = performance.now()
    const outcome = await append(ports, table, base, buffer)
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
    this.#base = await this.#expiry.afterCommit(this.#options, table, outcome.base)
  }

  async #open(reason: string): Promise<void> {
    this.#state = { kind: 'opening', reason }
    this.#letGo(this.#buffer.bytes)
    this.#buffer = new TableBuffer(this.#bronze.topic)
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
    const { ports, metrics, firstOffsets, onOpened, log } = this.#options
    const { base, positions } = await openTable(ports, this.#bronze, firstOffsets)
    this.#base = base
    this.#state = { kind: 'writing', positions: new Positions(positions) }
    metrics.reopenings.inc(this.#labels)
    log.info({ ...this.#labels, offsets: offsetTexts(positions) }, 'table is open')
    onOpened(this.#bronze.topic, positions)
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
