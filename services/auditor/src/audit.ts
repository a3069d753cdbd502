import { setTimeout as delay } from 'node:timers/promises'
import { Admin } from '@platformatic/kafka'
import { readTopics } from '@tenseams/contracts/topics'
import type pg from 'pg'
import { eventTopics } from './checks/check.ts'
import { Evidence } from './evidence.ts'
import { judge } from './judge.ts'
import { type IcebergTable, loadFiles, readTable } from './lake.ts'
import { LogReader, type LogRecord } from './log-reader.ts'
import type { Report, Source } from './report.ts'
import { loadNewerEvents, loadProvider, loadStores, openReadOnly } from './store.ts'
import { letterOf, RecordDecoder } from './topics.ts'

export type AuditorOptions = {
  readonly shopUrl: string
  readonly providerUrl: string
  readonly brokers: string
  readonly registryUrl: string
  readonly catalogUrl: string
  readonly pulseUrl: string
  readonly graceMs: number
}

/** A barrier's row in a partition. */
type BarrierRow = { readonly topic: string; readonly partition: number; readonly eventId: string }

const REQUEST_TIMEOUT_MS = 10_000
/** How long an audit waits until the barrier has come through; then it says that a part does not run. */
const BARRIER_TIMEOUT_MS = 30_000
const LOOK_EVERY_MS = 200
const KAFKA_GROUPS = ['payments', 'payments-shipments', 'orders', 'orders-shipments', 'fulfilment']
const bronzeName = (topic: string): string => topic.replaceAll(/[.-]/g, '_')

/**
 * Reads every place by itself and judges: event stores and ledger, topics as they lie in the log, the provider's books,
 * the lake. It shares no code with what it audits but the contracts.
 *
 * What is read before a barrier is written must be behind it everywhere; what came later may be on its way. Order
 * matters: stores, barrier, topics up to it, the lake, topics again, stores again; so nothing is called missing that
 * was merely read too early.
 */
export class Auditor {
  readonly #options: AuditorOptions
  readonly #shop: pg.Pool
  readonly #provider: pg.Pool
  readonly #evidence: Evidence
  readonly #log: LogReader
  readonly #decoder: RecordDecoder
  readonly #admin: Admin
  #last: Promise<unknown> = Promise.resolve()

  private constructor(options: AuditorOptions, evidence: Evidence) {
    this.#options = options
    this.#evidence = evidence
    this.#shop = openReadOnly(options.shopUrl)
    this.#provider = openReadOnly(options.providerUrl)
    this.#log = new LogReader({ brokers: options.brokers, timeoutMs: REQUEST_TIMEOUT_MS })
    this.#decoder = new RecordDecoder(options.registryUrl, REQUEST_TIMEOUT_MS)
    this.#admin = new Admin({
      clientId: 'auditor',
      bootstrapBrokers: options.brokers.split(','),
      timeout: REQUEST_TIMEOUT_MS,
      retries: 3,
    })
  }

  static async open(options: AuditorOptions): Promise<Auditor> {
    return new Auditor(options, await Evidence.open())
  }

  async close(): Promise<void> {
    await this.#last
    await this.#log.close()
    await this.#admin.close()
    await Promise.all([this.#shop.end(), this.#provider.end()])
    this.#evidence.close()
  }

  /** One audit at a time; a source that gives no answer leaves its invariants without a verdict. */
  audit(): Promise<Report> {
    const report = this.#last.then(() => this.#audit())
    this.#last = report.catch(() => undefined)
    return report
  }

  async #audit(): Promise<Report> {
    const begun = performance.now()
    const silence = new Map<Source, string>()
    const from = (source: Source, work: () => Promise<void>) => this.#ask(silence, source, work)
    const evidence = this.#evidence
    await evidence.clear('ends', 'committed')
    await from('kafka', () => this.#readCommitted())
    await from('postgres', () => loadStores(this.#shop, evidence))
    let barrier: readonly BarrierRow[] = []
    await from('pulse', async () => {
      barrier = await this.#writeBarrier()
    })
    await from('kafka', () => this.#readTopics())
    await from('pulse', () => this.#awaitBarrier(barrier))
    await from('lake', () => this.#readBronze(barrier))
    await from('gold', () => this.#readGold())
    await from('kafka', () => this.#readTopics())
    await from('provider', () => loadProvider(this.#provider, evidence))
    await from('postgres', () => loadNewerEvents(this.#shop, evidence))
    const moment = { now: BigInt(Date.now()), graceMs: BigInt(this.#options.graceMs) }
    const findings = await judge(evidence, moment, silence)
    await evidence.run(`delete from records where fate = 'open'`)
    const durationMs = Math.round(performance.now() - begun)
    return { at: new Date().toISOString(), durationMs, findings }
  }

  async #ask(
    silence: Map<Source, string>,
    source: Source,
    work: () => Promise<void>,
  ): Promise<void> {
    if (silence.has(source)) return
    try {
      await work()
    } catch (error) {
      silence.set(source, error instanceof Error ? error.message : String(error))
    }
  }

  async #writeBarrier(): Promise<readonly BarrierRow[]> {
    const response = await fetch(`${this.#options.pulseUrl}/barriers`, {
      method: 'POST',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    if (!response.ok) throw new Error(`pulse answers ${response.status}`)
    return ((await response.json()) as { readonly rows: readonly BarrierRow[] }).rows
  }

  /** Offsets are read first: what was passed before must have had its effect when the stores are read. */
  async #readCommitted(): Promise<void> {
    const groups = await this.#admin.listConsumerGroupOffsets({ groups: KAFKA_GROUPS })
    const rows = groups.flatMap(({ groupId, topics }) =>
      topics.flatMap(({ name, partitions }) =>
        partitions
          .filter(({ committedOffset }) => committedOffset >= 0n)
          .map(({ partitionIndex, committedOffset }) => ({
            group_id: groupId,
            topic: name,
            partition: BigInt(partitionIndex),
            next_offset: committedOffset,
          })),
      ),
    )
    await this.#evidence.load('committed', rows)
  }

  async #readTopics(): Promise<void> {
    const evidence = this.#evidence
    await evidence.run(`delete from records where fate = 'open'`)
    // Effects before their causes: a shipment that was read must find its confirmation.
    await this.#log.readOn(eventTopics.toReversed(), async (records) => {
      await evidence.load('records', await this.#rowsOf(records))
    })
    const open = this.#log.logs().flatMap((log) => log.open())
    await evidence.load('records', await this.#rowsOf(open))
    const letters = readTopics().map(({ deadLetter }) => deadLetter)
    await this.#log.readOn(letters, async (records) => {
      const committed = records.filter(({ fate }) => fate === 'committed')
      await evidence.load('letters', committed.map(letterOf))
    })
    await evidence.clear('ends')
    const ends = this.#log.logs().map(({ topic, partition, next }) => ({
      ...{ topic, partition: BigInt(partition), next_offset: next },
    }))
    await evidence.load('ends', ends)
  }

  #rowsOf(records: readonly LogRecord[]) {
    return Promise.all(records.map((record) => this.#decoder.rowOf(record)))
  }

  async #awaitBarrier(barrier: readonly BarrierRow[]): Promise<void> {
    const ids = barrier.map(({ eventId }) => `'${eventId}'`).join(', ')
    const deadline = performance.now() + BARRIER_TIMEOUT_MS
    for (;;) {
      const [row] = await this.#evidence.query(
        `select count(distinct event_id) as n from records where event_id in (${ids})`,
      )
      if (Number(row?.n ?? 0) === barrier.length) return
      if (performance.now() > deadline) {
        throw new Error(`of ${barrier.length} barriers ${Number(row?.n ?? 0)} came through`)
      }
      await delay(LOOK_EVERY_MS)
      await this.#readTopics()
    }
  }

  /** Waits until bronze has passed the barrier, and what has no barrier as far as it was read. */
  async #readBronze(barrier: readonly BarrierRow[]): Promise<void> {
    const due = await this.#dueOffsets(barrier)
    const deadline = performance.now() + BARRIER_TIMEOUT_MS
    for (;;) {
      const tables = await this.#bronzeTables()
      const behind = [...due].filter(([place, offset]) => endOf(tables, place) < offset)
      if (behind.length === 0) return this.#loadBronze(tables)
      if (performance.now() > deadline) {
        const places = behind.map(([place, offset]) => `${place} before ${offset}`)
        throw new Error(`bronze is behind: ${places.join(', ')}`)
      }
      await delay(LOOK_EVERY_MS)
    }
  }

  async #dueOffsets(barrier: readonly BarrierRow[]): Promise<ReadonlyMap<string, bigint>> {
    const ids = barrier.map(({ eventId }) => `'${eventId}'`).join(', ')
    const rows = await this.#evidence.query(
      `select topic || '-' || partition as place, max("offset") as due from records
        where fate = 'committed' and event_id is not null
          and (event_id in (${ids === '' ? 'null' : ids}) or topic = 'fulfilment.shipment.v1') group by all`,
    )
    return new Map(rows.map(({ place, due }) => [String(place), BigInt(String(due)) + 1n]))
  }

  async #bronzeTables(): Promise<readonly IcebergTable[]> {
    const { catalogUrl } = this.#options
    const tables = await Promise.all(
      eventTopics.map((topic) =>
        readTable(catalogUrl, 'bronze', bronzeName(topic), REQUEST_TIMEOUT_MS),
      ),
    )
    return tables.filter((table) => table !== undefined)
  }

  async #loadBronze(tables: readonly IcebergTable[]): Promise<void> {
    const evidence = this.#evidence
    await evidence.clear('bronze', 'chain')
    for (const topic of eventTopics) {
      const table = tables.find(({ name }) => name === bronzeName(topic))
      if (table === undefined) continue
      const select = `select '${topic}', kafka_partition, kafka_offset, event_id, stream_id, "version", "type"`
      await loadFiles(evidence, 'bronze', select, table.files)
      await evidence.load('chain', chainOf(table))
    }
  }

  async #readGold(): Promise<void> {
    const { catalogUrl } = this.#options
    const [windows, late] = await Promise.all(
      ['revenue_per_minute', 'revenue_per_minute_late'].map((name) =>
        readTable(catalogUrl, 'gold', name, REQUEST_TIMEOUT_MS),
      ),
    )
    if (windows === undefined || late === undefined) throw new Error('gold has no tables yet')
    await this.#evidence.clear('gold')
    await loadFiles(
      this.#evidence,
      'gold',
      `select 'window', currency, null, null, epoch_ms(window_end), delta_payments, delta_minor`,
      windows.files,
    )
    await loadFiles(
      this.#evidence,
      'gold',
      `select 'late', currency, event_id, epoch_ms(occurred_at), null, 1, amount_minor`,
      late.files,
    )
  }
}

const START = 'ten-seams.start-offsets'
const END = 'ten-seams.end-offsets'

/** How far a table has come with a partition: its offsets only grow. */
function endOf(tables: readonly IcebergTable[], place: string): bigint {
  const rows = tables.flatMap(chainOf).filter((row) => row.place === place)
  return rows.at(-1)?.end_offset ?? 0n
}

/** The offsets that a table's snapshots tell, a row a snapshot and partition. */
function chainOf({ name, snapshots }: IcebergTable) {
  return snapshots.flatMap((snapshot) => {
    const starts = offsetsOf(snapshot.summary[START])
    return Object.entries(offsetsOf(snapshot.summary[END])).map(([place, end]) => ({
      table_name: name,
      place,
      sequence: BigInt(snapshot['sequence-number']),
      start_offset: BigInt(starts[place] ?? end),
      end_offset: BigInt(end),
    }))
  })
}

const offsetsOf = (text: string | undefined): Readonly<Record<string, number>> =>
  text === undefined ? {} : (JSON.parse(text) as Readonly<Record<string, number>>)
