import { hasCode } from '@tenseams/iceberg/errors'
import type { TableIdentifier, TableMetadata } from '@tenseams/iceberg/format/metadata'
import { fullName } from '@tenseams/iceberg/format/metadata'
import type { StructType } from '@tenseams/iceberg/format/schema'
import { assertExplained } from '@tenseams/iceberg/offsets/explained'
import { readLeaderEpochs } from '@tenseams/iceberg/offsets/topics'
import { ensureSchema } from '@tenseams/iceberg/table/evolve'
import type { Partitioning } from '@tenseams/iceberg/table/new-spec'
import { type AppendBase, type AppendPorts, baseOf } from '@tenseams/iceberg/write/append'
import type { TopicLogs } from '@tenseams/kafka/topic-logs'
import type { BronzeTable } from './bronze-table.ts'
import { type Continuity, continuityOf, knownEpochs, type TableLog } from './log-continuity.ts'

/** One read of a table, the log that it continues, and the next offset of each partition according to it. */
export type Opening = {
  readonly base: AppendBase
  readonly log: TableLog
  readonly nextOffsets: ReadonlyMap<number, bigint>
}

/** What is asked of the brokers about a topic's log. */
export type Logs = Pick<TopicLogs, 'identityOf' | 'read' | 'endsOfEpochs'>

/** The log of a topic does not continue its table. A person must decide; nothing is read until then. */
export class LogRefusedError extends Error {}

const TABLE_PROPERTIES = {
  'format-version': '2',
  'write.parquet.compression-codec': 'zstd',
  'write.metadata.delete-after-commit.enabled': 'true',
  'write.metadata.previous-versions-max': '5',
}

/**
 * Loads the table, creates it when it is missing, and adds the columns of its contract. A partition that the table has
 * never seen begins at the first offset that the broker still has.
 *
 * @throws LogRefusedError, or LakehouseError ROWS_UNEXPLAINED: a person must decide, by the verb that the message names.
 *   Another LakehouseError, or an error of the broker: call it again. It is idempotent.
 */
export async function openTable(
  { catalog }: Pick<AppendPorts, 'catalog'>,
  bronze: BronzeTable,
  logs: Logs,
): Promise<Opening> {
  const found = await loadOrCreate(catalog, bronze.table, bronze.schema)
  assertExplained(bronze.table, found)
  const base = baseOf(await ensureSchema(catalog, bronze.table, found, bronze.schema))
  const { log, nextOffsets, breaks } = await compareWithLog(base, bronze.topic, logs)
  const [first] = breaks
  if (first === undefined) return { base, log, nextOffsets }
  const name = fullName(bronze.table)
  throw new LogRefusedError(`${first}. Next: npm run lake -- accept-log ${name}`)
}

/** Whether the topic's log, as the brokers have it now, continues the table. @throws an error of the broker */
export async function compareWithLog(
  base: AppendBase,
  topic: string,
  logs: Logs,
): Promise<Continuity> {
  const now = await logs.read(topic)
  const leaderEpochs = readLeaderEpochs(base.metadata.properties)
  const epochs = knownEpochs(topic, base, leaderEpochs, now.partitions.keys())
  const endsOfEpochs = epochs.size === 0 ? new Map() : await logs.endsOfEpochs(topic, epochs)
  return continuityOf(topic, base, { ...now, endsOfEpochs })
}

/** @returns `undefined` when the catalogue has no such table. */
export async function loadIfThere(
  catalog: AppendPorts['catalog'],
  table: TableIdentifier,
): Promise<TableMetadata | undefined> {
  try {
    return await catalog.loadTable(table)
  } catch (error) {
    if (hasCode(error, 'CATALOG_NOT_FOUND')) return undefined
    throw error
  }
}

/** Loads a table; creates it, and its namespace, when it is missing. */
export async function loadOrCreate(
  catalog: AppendPorts['catalog'],
  table: TableIdentifier,
  schema: StructType,
  partitioning: readonly Partitioning[] = [],
): Promise<TableMetadata> {
  const found = await loadIfThere(catalog, table)
  if (found !== undefined) return found
  await catalog.ensureNamespace(table.namespace)
  return catalog.ensureTable(table, schema, TABLE_PROPERTIES, partitioning)
}
