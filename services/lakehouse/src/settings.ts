import {
  brokersSetting,
  commonSettings,
  memorySetting,
  readSettings,
  webAddressSetting,
} from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  KAFKA_BROKERS: brokersSetting,
  SCHEMA_REGISTRY_URL: webAddressSetting,
  CATALOG_URL: webAddressSetting,
  /** From a table's first buffered row to its commit. A shorter time gives fresher tables and more files. */
  FLUSH_INTERVAL_MS: Type.Integer({ minimum: 10, maximum: 60_000, default: 400 }),
  /** The same for a table with so many fresh rows that a commit costs little beside them. */
  EARLY_FLUSH_INTERVAL_MS: Type.Integer({ minimum: 10, maximum: 60_000, default: 150 }),
  /** A table with so many buffered rows commits at once. */
  MAX_BUFFERED_ROWS: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 20_000 }),
  /** What all tables together may hold in memory between Kafka and Iceberg, estimated from the records' sizes. */
  MAX_BUFFERED_BYTES: Type.Integer({ minimum: 1_048_576, default: 268_435_456 }),
  /** The topics of this instance, separated by commas; all when left out. */
  TOPICS: Type.Optional(Type.String({ minLength: 1 })),
  /** Between two rounds that make silver and gold; 0 leaves them to other instances. */
  SILVER_INTERVAL_MS: Type.Integer({ minimum: 0, maximum: 3_600_000, default: 30_000 }),
  /** About how many rows of bronze one commit to silver takes. */
  SILVER_MAX_ROWS: Type.Integer({ minimum: 1, maximum: 10_000_000, default: 200_000 }),
  DUCKDB_MEMORY_LIMIT: memorySetting('512MB'),
  /** Between two rounds of compaction, expiry and removal of orphans; 0 leaves them to another instance. */
  MAINTENANCE_INTERVAL_MS: Type.Integer({ minimum: 0, maximum: 3_600_000, default: 60_000 }),
  /** How much compactions may read, over all tables; 0 for none. */
  COMPACT_BYTES_PER_MINUTE: Type.Integer({ minimum: 0, default: 268_435_456 }),
  /** Limit of the DuckDB that makes silver and gold. */
  SILVER_MEMORY_LIMIT: memorySetting('512MB'),
  /** Limit of the DuckDB that compacts; bronze has one of its own. */
  COMPACT_MEMORY_LIMIT: memorySetting('256MB'),
})

export type Settings = Readonly<Static<typeof schema>>

export const readLakehouseSettings = (): Settings => readSettings(schema)

/**
 * The topics of an instance: all, or those named in its settings.
 *
 * @throws Error with the known topics when one is unknown.
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
