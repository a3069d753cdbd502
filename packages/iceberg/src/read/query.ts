import { messageOf } from '@tenseams/service/causes'
import { type Engine, quoteName } from '../duckdb.ts'
import { LakehouseError } from '../errors.ts'
import { fullName, type TableIdentifier } from '../format/metadata.ts'
import type { Row } from '../format/row.ts'
import type { Storage } from '../storage.ts'
import type { Catalog } from '../table/catalog.ts'
import { listTables } from '../table/list-tables.ts'
import { planScan, type ScanOptions } from './scan.ts'
import { scanSql } from './scan-sql.ts'

export type LakePorts = {
  readonly catalog: Catalog
  readonly storage: Storage
  readonly engine: Engine
}

/**
 * Runs DuckDB SQL over the lake. Each table that the SQL names (`bronze.orders_order_v1`) is a view of the files of its newest
 * snapshot when the query begins, or of an older one.
 *
 * @throws LakehouseError QUERY_INVALID with DuckDB's reason; SNAPSHOT_UNKNOWN when one of the tables has no such snapshot.
 */
export async function queryLake(
  ports: LakePorts,
  sql: string,
  options: ScanOptions = {},
): Promise<readonly Row[]> {
  const tables = tablesNamedIn(sql, await listTables(ports.catalog))
  const views = await Promise.all(tables.map((table) => viewOf(ports, table, options)))
  return ports.engine.using(async (connection) => {
    try {
      await connection.run("SET TimeZone = 'UTC'")
      for (const statement of views.flat()) await connection.run(statement)
      const reader = await connection.runAndReadAll(sql)
      return reader.getRowObjectsJS() as readonly Row[]
    } catch (error) {
      const reason = messageOf(error)
      throw new LakehouseError('QUERY_INVALID', reason, { cause: error })
    } finally {
      await dropViews(connection, tables)
    }
  })
}

/** All rows of one table, or the result of `sql` over the view `rows`, at its newest or an older snapshot. */
export async function queryTable(
  ports: LakePorts,
  table: TableIdentifier,
  sql = 'SELECT * FROM rows',
  snapshotId?: bigint,
): Promise<readonly Row[]> {
  const metadata = await ports.catalog.loadTable(table)
  const plan = await planScan(ports.storage, metadata, { snapshotId })
  const source = await scanSql(ports, plan, plan.schema)
  return ports.engine.using(async (connection) => {
    await connection.run("SET TimeZone = 'UTC'")
    await connection.run(`CREATE TEMPORARY VIEW rows AS ${source}`)
    const reader = await connection.runAndReadAll(sql)
    return reader.getRowObjectsJS() as readonly Row[]
  })
}

/** The tables that a query's text names. A name in a comment only costs the loading of that table's metadata. */
export function tablesNamedIn(
  sql: string,
  tables: readonly TableIdentifier[],
): readonly TableIdentifier[] {
  const text = sql.replaceAll('"', '').toLowerCase()
  return tables.filter((table) => {
    const pattern = new RegExp(`(?<![\\w.])${escapePattern(fullName(table).toLowerCase())}(?!\\w)`)
    return pattern.test(text)
  })
}

async function viewOf(
  ports: LakePorts,
  table: TableIdentifier,
  options: ScanOptions,
): Promise<readonly string[]> {
  const metadata = await ports.catalog.loadTable(table)
  const plan = await planScan(ports.storage, metadata, options)
  const source = await scanSql(ports, plan, plan.schema)
  return [
    `CREATE SCHEMA IF NOT EXISTS ${quoteName(table.namespace)}`,
    `CREATE OR REPLACE VIEW ${viewName(table)} AS ${source}`,
  ]
}

async function dropViews(
  connection: { run(sql: string): Promise<unknown> },
  tables: readonly TableIdentifier[],
): Promise<void> {
  for (const table of tables) await connection.run(`DROP VIEW IF EXISTS ${viewName(table)}`)
}

function viewName({ namespace, name }: TableIdentifier): string {
  return `${quoteName(namespace)}.${quoteName(name)}`
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
