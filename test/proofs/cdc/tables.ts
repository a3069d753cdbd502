import type { Codec } from '@tenseams/codec/codec'
import { schemaIdOf } from '@tenseams/codec/frame'
import { openCodec } from '@tenseams/contracts/codec'
import { type RawTable, rawTables, rawTopicOf } from '@tenseams/debezium/raw-topics'
import type pg from 'pg'
import { type Reading, type ReadRecord, readTopics } from '../../support/kafka.ts'
import type { TestStack } from '../../support/stack.ts'
import { type FoldOptions, foldChanges, type KeyedChange, type RawChange } from './fold.ts'

/** A row, reduced to what is compared. */
type Columns = Readonly<Record<string, unknown>>

const columns: Readonly<Record<RawTable, readonly [key: string, ...others: string[]]>> = {
  'catalogue.customers': ['customer_id', 'segment'],
  'catalogue.products': ['sku', 'name', 'price_minor', 'currency'],
}

/** Raw changes and the tables that they come from. */
export class RawTables {
  readonly #reading: Reading
  readonly #codec: Codec
  readonly #registryUrl: string
  readonly #schemas = new Map<number, string>()
  readonly #changes: Record<RawTable, KeyedChange<string>[]> = {
    'catalogue.customers': [],
    'catalogue.products': [],
  }
  #decoded = 0

  private constructor(reading: Reading, registryUrl: string) {
    this.#reading = reading
    this.#registryUrl = registryUrl
    this.#codec = openCodec(registryUrl, 10_000)
  }

  static async open({ endpoints }: TestStack): Promise<RawTables> {
    const reading = await readTopics(endpoints.kafkaBrokers, rawTables.map(rawTopicOf))
    return new RawTables(reading, endpoints.registryUrl)
  }

  close(): Promise<void> {
    return this.#reading.close()
  }

  /** All changes of a table up to now. */
  async changes(table: RawTable): Promise<readonly KeyedChange<string>[]> {
    const { records } = this.#reading
    while (this.#decoded < records.length) {
      const record = records[this.#decoded]
      if (record !== undefined) await this.#take(record)
      this.#decoded += 1
    }
    return this.#changes[table]
  }

  /** Differences between the topics and Postgres, one line for each row; empty when they are equal. */
  async differences(pool: pg.Pool, options: FoldOptions): Promise<readonly string[]> {
    const lines: string[] = []
    for (const table of rawTables) {
      const told = foldChanges(await this.changes(table), options)
      const there = await rowsOf(pool, table)
      for (const [key, row] of there) {
        if (told.get(key) === row) continue
        lines.push(`${table} ${key}: Postgres has ${row}, the topic ${told.get(key) ?? 'nothing'}`)
      }
      for (const [key, row] of told) {
        if (!there.has(key)) lines.push(`${table} ${key}: gone, but the topic has ${row}`)
      }
    }
    return lines
  }

  async #take({ topic, value }: ReadRecord): Promise<void> {
    const table = rawTables.find((each) => rawTopicOf(each) === topic)
    // A tombstone repeats the delete before it.
    if (table === undefined || value === null) return
    const change = await this.#decode(topic, value)
    const row = change.after ?? change.before
    // A truncate has no key; this proof does none.
    if (row === null) return
    const { after, op, ts_us, source } = change
    const [key] = columns[table]
    this.#changes[table].push({
      key: String(row[key]),
      change: { op, ts_us, source, after: after && textOf(table, after) },
    })
  }

  async #decode(
    topic: string,
    bytes: Buffer,
  ): Promise<RawChange<Columns> & { readonly before: Columns | null }> {
    const id = schemaIdOf(bytes)
    const text = this.#schemas.get(id) ?? (await this.#schemaOf(id))
    this.#schemas.set(id, text)
    const reader = { text, format: 'avro' } as const
    type Told = RawChange<Columns> & { readonly before: Columns | null }
    return (await this.#codec.decode<Told>(topic, bytes, reader)).value
  }

  async #schemaOf(id: number): Promise<string> {
    const url = `${this.#registryUrl}/schemas/ids/${id}`
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) })
    return ((await answer.json()) as { readonly schema: string }).schema
  }
}

async function rowsOf(pool: pg.Pool, table: RawTable): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<Columns>(`select ${columns[table].join(', ')} from ${table}`)
  return new Map(rows.map((row) => [String(row[columns[table][0]]), textOf(table, row)]))
}

function textOf(table: RawTable, row: Columns): string {
  return columns[table].map((column) => String(row[column])).join(' | ')
}
