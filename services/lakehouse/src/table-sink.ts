import { setTimeout as delay } from 'node:timers/promises'
import { type AppendBase, type AppendPorts, append, baseOf } from '@tenseams/lakehouse/append'
import { hasCode } from '@tenseams/lakehouse/errors'
import { ensureSchema } from '@tenseams/lakehouse/evolve'
import { type ExpirePolicy, expire } from '@tenseams/lakehouse/expire'
import type { TableMetadata } from '@tenseams/lakehouse/metadata'
import { type BatchPlan, type OffsetSpan, partitionKey } from '@tenseams/lakehouse/offsets'
import type { DecodedBatch } from './batch.ts'
import type { BronzeTable } from './bronze-table.ts'
import type { LakehouseMetrics } from './metrics.ts'
import { Positions } from './positions.ts'
import { TableBuffer } from './table-buffer.ts'

export type Log = {
  info(context: object, message: string): void
  warn(context: object, message: string): void
  error(context: object, message: string): void
}

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

/** A batch was planned in one opening of the table and may be taken in that one only. */
export type Ticket = { readonly positions: Positions; readonly partition: number }

export type SinkPlan =
  | (Exclude<BatchPlan, { kind: 'accept' }> & { readonly fruitless: number })
  | { readonly kind: 'accept'; readonly span: OffsetSpan; readonly ticket: Ticket }
  | { readonly kind: 'wait' }

const TABLE_PROPERTIES = {
  'format-version': '2',
  'write.parquet.compression-codec': 'zstd',
  'write.metadata.delete-after-commit.enabled': 'true',
  'write.metadata.previous-versions-max': '5',
}

/**
 * Each commit reads and writes the metadata of every snapshot that is kept, so old ones go, some at a time. Their proof
 * stays in the log of offsets; whoever reads one has five minutes for it.
 */
const EXPIRY: ExpirePolicy = {
  keepLast: 100,
  olderThanMs: 300_000,
  leastToExpire: 50,
  pinned: [],
}

const LONGEST_RETRY_MS = 5_000

/**
 * One table's way from decoded batches to snapshots. Offsets and rows go into the same commit, so a crash at any
 * moment loses only what is buffered, and that is read again from the table's offsets. Whenever it is in doubt what
 * the table holds, the buffer is dropped and the table is read anew: never the other way round.
 */
export class TableSink {
  readonly #options: TableSinkOptions
  readonly #labels: { readonly table: string }
  readonly #abort = new AbortController()
  #state: State = { kind: 'opening', reason: 'not opened yet' }
  #base: AppendBase | undefined
  #buffer: TableBuffer
  #timer: NodeJS.Timeout | undefined
  /** Flushes and openings one after another; it never rejects. */
  #queue: Promise<void> = Promise.resolve()

  constructor(options: TableSinkOptions) {
    this.#options = options
    const { namespace, name } = options.bronze.table
    this.#labels = { table: `${namespace}.${name}` }
    this.#buffer = new TableBuffer(options.bronze.topic)
    options.metrics.rows.inc(this.#labels, 0)
    options.metrics.conflicts.inc(this.#labels, 0)
  }

  /** Commits what is buffered and reads the table anew, until that succeeds. For the start and new assignments. */
  reopen(reason: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#flush()
      await this.#open(reason)
    })
  }

  /** Throws while batches must wait. */
  assertReady(): void {
    if (this.#state.kind === 'writing') return
    throw new Error(`${this.#labels.table}: ${reasonOf(this.#state)}`)
  }

  plan(partition: number, batch: OffsetSpan): SinkPlan {
    const state = this.#state
    if (state.kind !== 'writing' || this.#isFull()) return { kind: 'wait' }
    const { positions } = state
    const plan = positions.plan(partition, batch)
    if (plan === undefined) {
      void this.reopen('a new partition')
      return { kind: 'wait' }
    }
    if (plan.kind === 'accept') return { ...plan, ticket: { positions, partition } }
    return { ...plan, fruitless: positions.fruitlessSeeks(partition) }
  }

  /** @returns false when the table was opened anew meanwhile: the batch is dropped and comes again. */
  take(ticket: Ticket, span: OffsetSpan, batch: DecodedBatch): boolean {
    const state = this.#state
    if (state.kind !== 'writing' || state.positions !== ticket.positions) return false
    state.positions.advance(ticket.partition, span.end)
    this.#buffer.add(ticket.partition, span, batch)
    this.#options.metrics.bufferedRows.set(this.#labels, this.#buffer.rows.length)
    this.#schedule()
    return true
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
    return this.#buffer.rows.length >= this.#options.maxBufferedRows
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
    this.#buffer = new TableBuffer(this.#options.bronze.topic)
    try {
      await this.#append(state, this.#base, buffer)
    } catch (error) {
      this.#options.log.error({ ...this.#labels, err: error }, 'append failed')
      await this.#open('an append failed')
    }
  }

  async #append(state: Writing, base: AppendBase, buffer: TableBuffer): Promise<void> {
    const { ports, bronze, metrics, log, onRoom } = this.#options
    const begun = performance.now()
    const batch = { rows: buffer.rows, spans: buffer.spans }
    const outcome = await append(ports, bronze.table, base, batch)
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
    if (this.#state === state) onRoom(bronze.topic)
    await this.#expire(outcome.base)
  }

  /** What is not let go now is let go after a later commit. */
  async #expire({ metadata }: AppendBase): Promise<void> {
    const { ports, bronze, log } = this.#options
    try {
      const { expired, ...outcome } = await expire(ports, bronze.table, metadata, EXPIRY)
      if (expired === 0) return
      this.#base = baseOf(outcome.metadata)
      log.info({ ...this.#labels, expired, files: outcome.files }, 'old snapshots expired')
    } catch (error) {
      log.warn({ ...this.#labels, err: error }, 'old snapshots stay for now')
    }
  }

  async #open(reason: string): Promise<void> {
    this.#state = { kind: 'opening', reason }
    this.#buffer = new TableBuffer(this.#options.bronze.topic)
    for (let attempt = 1; !this.#abort.signal.aborted; attempt++) {
      try {
        return await this.#openOnce()
      } catch (error) {
        this.#state = { kind: 'opening', reason: messageOf(error) }
        this.#options.log.warn({ ...this.#labels, attempt, err: error }, 'table cannot be opened')
        await this.#pause(Math.min(LONGEST_RETRY_MS, 100 * 2 ** Math.min(attempt, 10)))
      }
    }
  }

  async #openOnce(): Promise<void> {
    const { bronze, metrics, firstOffsets, onOpened, log } = this.#options
    const metadata = await this.#load()
    const base = baseOf(metadata)
    const positions = new Map(await firstOffsets(bronze.topic))
    for (const partition of positions.keys()) {
      const offset = base.offsets[partitionKey(bronze.topic, partition)]
      if (offset !== undefined) positions.set(partition, offset)
    }
    this.#base = base
    this.#state = { kind: 'writing', positions: new Positions(positions) }
    metrics.reopenings.inc(this.#labels)
    log.info({ ...this.#labels, offsets: texts(positions) }, 'table is open')
    onOpened(bronze.topic, positions)
  }

  async #load(): Promise<TableMetadata> {
    const { ports, bronze } = this.#options
    const metadata = await this.#loadOrCreate()
    return ensureSchema(ports.catalog, bronze.table, metadata, bronze.schema)
  }

  async #loadOrCreate(): Promise<TableMetadata> {
    const { catalog } = this.#options.ports
    const { table, schema } = this.#options.bronze
    try {
      return await catalog.loadTable(table)
    } catch (error) {
      if (!hasCode(error, 'CATALOG_NOT_FOUND')) throw error
      await catalog.ensureNamespace(table.namespace)
      return catalog.ensureTable(table, schema, TABLE_PROPERTIES)
    }
  }

  async #pause(ms: number): Promise<void> {
    try {
      await delay(ms, undefined, { signal: this.#abort.signal })
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error
    }
  }
}

function reasonOf(state: State): string {
  return state.kind === 'opening' ? `opening (${state.reason})` : state.kind
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function texts(offsets: ReadonlyMap<number, bigint>): Readonly<Record<string, string>> {
  return Object.fromEntries([...offsets].map(([partition, offset]) => [partition, String(offset)]))
}
