import { setTimeout as delay } from 'node:timers/promises'
import { Admin } from '@platformatic/kafka'
import { readTopics } from '@tenseams/contracts/topics'
import { httpLogin } from '@tenseams/identities/http-login'
import { saslSetting } from '@tenseams/kafka/access/login'
import type { OwnToken } from '@tenseams/service/access/own-token'
import { messageOf } from '@tenseams/service/causes'
import type pg from 'pg'
import { eventTopics } from './checks/check.ts'
import { loadCommitted } from './committed.ts'
import { dropFromBronze, dropJudgedBarriers, isEvidence } from './control-rows.ts'
import { deadLetterRows } from './dead-letters.ts'
import { Evidence } from './evidence.ts'
import { loadJobs } from './flink.ts'
import { judge } from './judge.ts'
import { type BronzeTable, LoadedFiles, loadChain, readBronze, topicIdIn } from './lake/bronze.ts'
import { awaitBronze, dueOffsets } from './lake/bronze-offsets.ts'
import { loadGold } from './lake/gold.ts'
import type { Catalogue } from './lake/iceberg.ts'
import {
  capturedTopics,
  loadChanges,
  loadProgress,
  loadSilver,
  oldestUnread,
  type Recorded,
} from './lake/silver.ts'
import { LogReader, type LogRecord } from './log-reader.ts'
import { loadProvider } from './provider-books.ts'
import { type Mark, openReadOnly } from './reading.ts'
import type { Report, Source } from './report.ts'
import { loadNewerEvents, loadStores, newestIn } from './store.ts'
import { RecordDecoder } from './topics.ts'

export type AuditorOptions = {
  readonly shopUrl: string
  readonly providerUrl: string
  readonly credentialsFile: string
  readonly brokers: string
  readonly registryUrl: string
  readonly catalogUrl: string
  readonly pulseUrl: string
  /** Who we are to pulse. */
  readonly authorization: OwnToken
  readonly flinkUrl: string
  /** How old a missing effect must be to count as lost. */
  readonly graceMs: number
  /** How far silver may be behind bronze before there is no verdict on it. */
  readonly silverBehindMs: number
}

/** How much an audit reads again. */
export type Scope = 'all' | 'new'

/** A barrier's row in a partition. */
type BarrierRow = { readonly topic: string; readonly partition: number; readonly eventId: string }

const REQUEST_TIMEOUT_MS = 10_000
/** How long an audit waits for its barrier to arrive; after that, the part that it waits for does not run. */
const BARRIER_TIMEOUT_MS = 30_000
const POLL_INTERVAL_MS = 200

/**
 * Reads every source by itself and judges: event stores and ledger, the topics' logs, the payment provider's books, the
 * lake, Flink's jobs. It shares no code with what it audits but the contracts,
 * the login and two decompressors.
 *
 * What was stored before the barrier must precede it everywhere; what came later may be in flight. The order of reading
 * matters: stores, barrier, topics up to it, silver, bronze, gold, topics again, stores again. So nothing is reported
 * missing only because it was read too early.
 */
export class Auditor {
  readonly #options: AuditorOptions
  readonly #shop: pg.Pool
  readonly #provider: pg.Pool
  readonly #evidence: Evidence
  readonly #log: LogReader
  readonly #decoder: RecordDecoder
  readonly #admin: Admin
  readonly #catalogue: Catalogue
  readonly #files = new LoadedFiles()
  #last: Promise<unknown> = Promise.resolve()
  /** Up to where the last audit has read; undefined when it could not. */
  #marks: { readonly stores: Mark; readonly provider: Mark } | undefined
  /** What was the newest in the databases before the last audit read them. */
  #newest: string | undefined

  private constructor(options: AuditorOptions, evidence: Evidence) {
    this.#options = options
    this.#evidence = evidence
    const { brokers, credentialsFile } = options
    this.#shop = openReadOnly({ url: options.shopUrl, credentialsFile })
    this.#provider = openReadOnly({ url: options.providerUrl, credentialsFile })
    this.#log = new LogReader({ brokers, credentialsFile, timeoutMs: REQUEST_TIMEOUT_MS })
    this.#catalogue = {
      url: options.catalogUrl,
      login: httpLogin(credentialsFile),
      timeoutMs: REQUEST_TIMEOUT_MS,
    }
    this.#decoder = new RecordDecoder(options.registryUrl, REQUEST_TIMEOUT_MS)
    this.#admin = new Admin({
      clientId: 'auditor',
      bootstrapBrokers: options.brokers.split(','),
      ...saslSetting(options.credentialsFile),
      timeout: REQUEST_TIMEOUT_MS,
      retries: 3,
    })
  }

  static async open(options: AuditorOptions): Promise<Auditor> {
    return new Auditor(options, await Evidence.open())
  }

  /** Its connections, by database. */
  get pools() {
    return { shop: this.#shop, provider: this.#provider }
  }

  async close(): Promise<void> {
    await this.#last
    await this.#log.close()
    await this.#admin.close()
    await Promise.all([this.#shop.end(), this.#provider.end()])
    this.#evidence.close()
  }

  /**
   * One audit at a time; a source that does not answer leaves its invariants without a verdict.
   *
   * @param scope `all` reads everything again. `new` reads what the databases and bronze have got since the last audit, and
   *   finds no change to what they had before; it costs little, however long the history is.
   */
  audit(scope: Scope): Promise<Report> {
    const report = this.#last.then(() => this.#audit(scope))
    this.#last = report.catch(() => undefined)
    return report
  }

  /** False when the stores and the provider's books have got nothing since the last audit began to read them. */
  async hasNews(): Promise<boolean> {
    return this.#newest === undefined || this.#newest !== (await this.#newestNow())
  }

  #newestNow(): Promise<string> {
    return newestIn(this.#shop, this.#provider)
  }

  async #audit(scope: Scope): Promise<Report> {
    const begun = performance.now()
    const silence = new Map<Source, string>()
    const from = (source: Source, work: () => Promise<void>) => this.#ask(silence, source, work)
    const evidence = this.#evidence
    const catalogue = this.#catalogue
    const since = scope === 'new' ? this.#marks : undefined
    let [stores, provider]: (Mark | undefined)[] = []
    this.#marks = undefined
    this.#newest = await this.#newestNow().catch(() => undefined)
    if (scope === 'all') await this.#files.clear(evidence)
    await evidence.clear('ends', 'committed')
    await from('kafka', () => loadCommitted(this.#admin, evidence))
    await from('postgres', async () => {
      stores = await loadStores(this.#shop, evidence, since?.stores)
    })
    let barrier: readonly BarrierRow[] = []
    await from('pulse', async () => {
      barrier = await this.#writeBarrier()
    })
    await from('kafka', () => this.#readTopics())
    await from('pulse', () => this.#awaitBarrier(barrier))
    let recorded: Recorded = new Map()
    let bronze: readonly BronzeTable[] = []
    await from('silver', async () => {
      recorded = await loadSilver(evidence, catalogue)
    })
    await from('lake', async () => {
      bronze = await this.#readBronze(barrier)
    })
    await from('silver', () => this.#readProgress(recorded, bronze))
    await from('gold', () => loadGold(evidence, catalogue))
    await from('flink', () => loadJobs(evidence, this.#options.flinkUrl, REQUEST_TIMEOUT_MS))
    await from('kafka', () => this.#readTopics())
    await from('provider', async () => {
      provider = await loadProvider(this.#provider, evidence, since?.provider)
    })
    await from('postgres', async () => {
      if (stores === undefined) return
      await loadNewerEvents(this.#shop, evidence, stores, since?.stores)
      if (provider !== undefined) this.#marks = { stores, provider }
    })
    const moment = { now: BigInt(Date.now()), graceMs: BigInt(this.#options.graceMs) }
    const findings = await judge(evidence, moment, silence)
    await evidence.run(`delete from records where fate = 'open'`)
    await dropJudgedBarriers(evidence, findings)
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
      silence.set(source, messageOf(error))
    }
  }

  async #writeBarrier(): Promise<readonly BarrierRow[]> {
    const response = await fetch(`${this.#options.pulseUrl}/barriers`, {
      method: 'POST',
      headers: await this.#options.authorization(),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    if (!response.ok) throw new Error(`pulse answers ${response.status}`)
    return ((await response.json()) as { readonly rows: readonly BarrierRow[] }).rows
  }

  async #readTopics(): Promise<void> {
    const evidence = this.#evidence
    await evidence.run(`delete from records where fate = 'open'`)
    // Effects are read before their causes: then a shipment that was read has its confirmation in what is read next.
    await this.#log.readOn(eventTopics.toReversed(), async (records) => {
      await evidence.load('records', (await this.#rowsOf(records)).filter(isEvidence))
    })
    const open = this.#log.logs().flatMap((log) => log.open())
    await evidence.load('records', await this.#rowsOf(open))
    const deadLetterTopics = readTopics().map(({ deadLetter }) => deadLetter)
    await this.#log.readOn(deadLetterTopics, async (records) => {
      const committed = records.filter(({ fate }) => fate === 'committed')
      const { deadLetters, malformed } = deadLetterRows(committed)
      await evidence.load('dead_letters', deadLetters)
      await evidence.load('malformed_dead_letters', malformed)
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
        throw new Error(`${Number(row?.n ?? 0)} of ${barrier.length} barriers arrived`)
      }
      await delay(POLL_INTERVAL_MS)
      await this.#readTopics()
    }
  }

  /** Waits until bronze has passed the barrier, and the offsets already read of topics that get no barrier. */
  async #readBronze(barrier: readonly BarrierRow[]): Promise<readonly BronzeTable[]> {
    const due = await dueOffsets(
      this.#evidence,
      barrier.map(({ eventId }) => eventId),
    )
    await awaitBronze(this.#catalogue, due, BARRIER_TIMEOUT_MS)
    const tables = await this.#bronzeOf(eventTopics)
    await loadChain(this.#evidence, tables)
    for (const table of tables) await this.#files.follow(this.#evidence, table)
    await this.#loadTopicIds(tables)
    await dropFromBronze(this.#evidence)
    return tables
  }

  /** A topic that is deleted and made again keeps its name and not its id. */
  async #loadTopicIds(tables: readonly BronzeTable[]): Promise<void> {
    const names = tables.map(({ topic }) => topic)
    const { topics } = await this.#admin.metadata({ topics: names, forceUpdate: true })
    await this.#evidence.clear('topic_ids')
    const rows = tables.map((table) => ({
      topic: table.topic,
      in_kafka: topics.get(table.topic)?.id ?? null,
      in_bronze: topicIdIn(table) ?? null,
    }))
    await this.#evidence.load('topic_ids', rows)
  }

  #bronzeOf(topics: readonly string[]): Promise<readonly BronzeTable[]> {
    return readBronze(this.#catalogue, topics)
  }

  /**
   * How far silver had come when it was read, before bronze. It is made in rounds and not waited for, but silver that
   * stands still must not pass for silver that is complete.
   */
  async #readProgress(recorded: Recorded, bronze: readonly BronzeTable[]): Promise<void> {
    const evidence = this.#evidence
    const tables = [...bronze, ...(await this.#bronzeOf(capturedTopics))]
    await loadChanges(evidence, tables)
    await loadProgress(evidence, recorded, tables)
    const oldest = await oldestUnread(evidence)
    const behindMs = oldest === undefined ? 0 : Date.now() - oldest
    if (behindMs > this.#options.silverBehindMs) {
      throw new Error(`silver is ${Math.round(behindMs / 1_000)} s behind bronze`)
    }
  }
}
