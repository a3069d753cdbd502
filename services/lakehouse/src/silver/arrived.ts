import { randomUUID } from 'node:crypto'
import type { DataFile } from '@tenseams/iceberg/format/manifest'
import type { TableMetadata } from '@tenseams/iceberg/format/metadata'
import { fullName } from '@tenseams/iceberg/format/metadata'
import { avroName, partitionColumns } from '@tenseams/iceberg/format/partition-spec'
import { transformOf } from '@tenseams/iceberg/format/transforms'
import { scanSql } from '@tenseams/iceberg/read/scan-sql'
import { liveFiles } from '@tenseams/iceberg/table/snapshot'
import type { AppendPorts } from '@tenseams/iceberg/write/append'
import { writeDataFileFrom } from '@tenseams/iceberg/write/data-files'
import { type DerivedTable, typedAs } from './derived-table.ts'
import type { RefreshPlan } from './refresh-plan.ts'

/** The new rows of a source, as tables of the engine until `drop`, and the buckets that they touch. */
export class Arrived {
  readonly changes: bigint
  readonly #ports: AppendPorts
  readonly #derived: DerivedTable
  readonly #metadata: TableMetadata
  readonly #isAnew: boolean
  readonly #name: string
  /** Null for changes without a key. */
  readonly #buckets: readonly (number | null)[]

  private constructor(
    ports: AppendPorts,
    derived: DerivedTable,
    metadata: TableMetadata,
    isAnew: boolean,
    found: {
      readonly name: string
      readonly changes: bigint
      readonly buckets: readonly (number | null)[]
    },
  ) {
    this.#ports = ports
    this.#derived = derived
    this.#metadata = metadata
    this.#isAnew = isAnew
    this.#name = found.name
    this.changes = found.changes
    this.#buckets = found.buckets
  }

  static async take(
    ports: AppendPorts,
    derived: DerivedTable,
    metadata: TableMetadata,
    plan: RefreshPlan,
  ): Promise<Arrived> {
    const name = `arrived_${randomUUID().replaceAll('-', '')}`
    const sql = await scanSql(ports, plan, plan.schema)
    const bucketOf = transformOf(`bucket[${derived.buckets}]`, 'string')
    return ports.engine.using(async (connection) => {
      await connection.run("SET TimeZone = 'UTC'")
      await connection.run(
        `CREATE TABLE ${name} AS SELECT * EXCLUDE (reason, kafka_partition, kafka_offset, log_epoch)
           FROM (${derived.changes(`(${sql})`)}) WHERE reason IS NULL`,
      )
      const keys = await connection.runAndReadAll(
        `SELECT ${derived.key}, count(*) FROM ${name} GROUP BY 1`,
      )
      const counts = keys.getRowsJS() as unknown as readonly (readonly [string | null, bigint])[]
      const buckets = new Set<number | null>()
      await connection.run(`CREATE TABLE ${name}_keys (key VARCHAR, bucket INTEGER)`)
      const appender = await connection.createAppender(`${name}_keys`)
      for (const [key] of counts) {
        const bucket = bucketOf.apply(key) as number | null
        buckets.add(bucket)
        if (key === null || bucket === null) continue
        appender.appendVarchar(key)
        appender.appendInteger(bucket)
        appender.endRow()
      }
      appender.closeSync()
      const changes = counts.reduce((sum, [, count]) => sum + count, 0n)
      return new Arrived(ports, derived, metadata, plan.isAnew, {
        ...{ name, changes, buckets: [...buckets] },
      })
    })
  }

  /** Rewrites each touched bucket. The files are durable when it returns, and nothing refers to them yet. */
  async rewrite(): Promise<{
    readonly remove: readonly DataFile[]
    readonly files: readonly DataFile[]
  }> {
    const live = await this.#filesByBucket()
    const touched = this.#touched([...live.keys()])
    const files: DataFile[] = []
    const keyless = {
      rows: await this.#rowsOf(live.get(null)),
      changes: `(FROM ${this.#name} WHERE ${this.#derived.key} IS NULL)`,
    }
    for (const bucket of touched) {
      const sql = await this.#foldOf(bucket, live.get(bucket), keyless)
      if (sql === undefined) continue
      const partition = { [avroName(this.#partitionName())]: bucket }
      await this.#ports.onStep?.('before-parquet')
      const typed = typedAs(this.#metadata.schema, sql)
      files.push(await writeDataFileFrom(this.#ports, this.#metadata, partition, typed))
    }
    if (files.length > 0) await this.#ports.onStep?.('parquet-written')
    const gone = this.#isAnew ? [...live.keys()] : touched
    return {
      remove: gone.flatMap((bucket) => live.get(bucket) ?? []),
      files: files.filter(({ record_count }) => record_count > 0n),
    }
  }

  async drop(): Promise<void> {
    await this.#ports.engine.using(async (connection) => {
      await connection.run(`DROP TABLE IF EXISTS ${this.#name}`)
      await connection.run(`DROP TABLE IF EXISTS ${this.#name}_keys`)
    })
  }

  /** A change without a key affects every bucket. */
  #touched(held: readonly (number | null)[]): readonly (number | null)[] {
    if (!this.#buckets.includes(null)) return this.#buckets
    return [...new Set([...this.#buckets, ...held])]
  }

  async #foldOf(
    bucket: number | null,
    files: readonly DataFile[] | undefined,
    keyless: { readonly rows: string; readonly changes: string },
  ): Promise<string | undefined> {
    if (bucket === null) return this.#derived.foldKeyless?.(keyless)
    const rows = await this.#rowsOf(files)
    const { key } = this.#derived
    const changes = `(FROM ${this.#name} WHERE ${key} IN (SELECT key FROM ${this.#name}_keys WHERE bucket = ${bucket}))`
    return this.#derived.fold({ rows, changes, keyless })
  }

  async #rowsOf(files: readonly DataFile[] | undefined): Promise<string> {
    const held = this.#isAnew || files === undefined ? [] : files
    return `(${await scanSql(this.#ports, { files: held }, this.#metadata.schema)})`
  }

  async #filesByBucket(): Promise<ReadonlyMap<number | null, readonly DataFile[]>> {
    const name = avroName(this.#partitionName())
    const live = await liveFiles(this.#ports.storage, this.#metadata)
    return Map.groupBy(
      live.map(({ file }) => file),
      ({ partition }) => (partition[name] ?? null) as number | null,
    )
  }

  #partitionName(): string {
    const [column] = partitionColumns(this.#metadata, this.#metadata.defaultSpecId)
    if (column !== undefined) return column.name
    throw new Error(`${fullName(this.#derived.table)} is not bucketed`)
  }
}
