import { commonSettings, readSettings } from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  KAFKA_BROKERS: Type.String({ minLength: 1 }),
  SCHEMA_REGISTRY_URL: Type.String({ pattern: '^http' }),
  CATALOG_URL: Type.String({ pattern: '^http' }),
  /** From a table's first buffered row to its commit: the floor of freshness, and of the number of files. */
  FLUSH_INTERVAL_MS: Type.Integer({ minimum: 10, maximum: 60_000, default: 400 }),
  /** Rows buffered by table before it commits early. */
  MAX_BUFFERED_ROWS: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 20_000 }),
  /** What all tables together hold in memory between Kafka and Iceberg, by an estimate from the records' size. */
  MAX_BUFFERED_BYTES: Type.Integer({ minimum: 1_048_576, default: 268_435_456 }),
  /** The topics of this instance, with commas; all of them when left out. */
  TOPICS: Type.Optional(Type.String({ minLength: 1 })),
  /** From one round in which silver and gold are brought up to bronze to the next; 0 leaves that to other instances. */
  SILVER_INTERVAL_MS: Type.Integer({ minimum: 0, maximum: 3_600_000, default: 30_000 }),
  /** About how many rows of bronze one commit of silver takes. */
  SILVER_MAX_ROWS: Type.Integer({ minimum: 1, maximum: 10_000_000, default: 200_000 }),
  /**
   * Only in a proof, which must then fail: records of aborted transactions are taken for committed; silver takes what came
   * last for the newest; silver records what it was made of before it is made; late money is not folded in.
   */
  BROKEN_GUARD: Type.Optional(
    Type.Enum([
      'read-uncommitted',
      'last-write-wins-by-arrival',
      'forget-bronze-snapshot',
      'no-correction',
    ]),
  ),
  DUCKDB_MEMORY_LIMIT: Type.String({ pattern: '^\\d+(MB|GB)$', default: '512MB' }),
  /** From one round of compaction, expiry and removal of orphans to the next; 0 leaves that to another instance. */
  MAINTENANCE_INTERVAL_MS: Type.Integer({ minimum: 0, maximum: 3_600_000, default: 60_000 }),
  /** What compactions may read, all tables together; 0 for none. */
  COMPACT_BYTES_PER_MINUTE: Type.Integer({ minimum: 0, default: 268_435_456 }),
  /** Of the DuckDB that makes silver and gold. */
  SILVER_MEMORY_LIMIT: Type.String({ pattern: '^\\d+(MB|GB)$', default: '512MB' }),
  /** Of the DuckDB that compacts, which is not the one that writes what comes from Kafka. */
  COMPACT_MEMORY_LIMIT: Type.String({ pattern: '^\\d+(MB|GB)$', default: '256MB' }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readLakehouseSettings = (): Settings => readSettings(schema)

/**
 * The topics of an instance: all, or those that its settings name.
 *
 * @throws Error that says which there are, when one is unknown.
 */
export function topicsOf<Topic extends { readonly name: string }>(
  { TOPICS }: Pick<Settings, 'TOPICS'>,
  all: readonly Topic[],
): readonly Topic[] {
  if (TOPICS === undefined) return all
  const wanted = new Set(TOPICS.split(',').map((name) => name.trim()))
  return [...wanted].map((name) => {
    const topic = all.find((each) => each.name === name)
    if (topic !== undefined) return topic
    const known = all.map((each) => each.name).join(', ')
    throw new Error(`TOPICS: the lakehouse does not read "${name}"; there are ${known}`)
  })
}
