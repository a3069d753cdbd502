import { commonSettings, readSettings } from '@tenseams/service/settings'
import { type Static, Type } from 'typebox'

const schema = Type.Object({
  ...commonSettings,
  KAFKA_BROKERS: Type.String({ minLength: 1 }),
  SCHEMA_REGISTRY_URL: Type.String({ pattern: '^http' }),
  CATALOG_URL: Type.String({ pattern: '^http' }),
  /** From a table's first buffered row to its commit: the floor of freshness, and of the number of files. */
  FLUSH_INTERVAL_MS: Type.Integer({ minimum: 10, maximum: 60_000, default: 400 }),
  /** Rows buffered by table before it commits early; the bound of memory. */
  MAX_BUFFERED_ROWS: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 20_000 }),
  /** Only in a proof, which must then fail: records of aborted transactions are taken for committed. */
  BROKEN_GUARD: Type.Optional(Type.Literal('read-uncommitted')),
  DUCKDB_MEMORY_LIMIT: Type.String({ pattern: '^\\d+(MB|GB)$', default: '512MB' }),
})

export type Settings = Readonly<Static<typeof schema>>

export const readLakehouseSettings = (): Settings => readSettings(schema)
