import { quoteName } from '@tenseams/iceberg/duckdb'
import { type LakePorts, queryTable } from '@tenseams/iceberg/read/query'
import type { Sink } from './sinks.ts'

/** Counts and sums of a table, to compare two tables without reading them side by side. */
export type Sum = {
  readonly side: string
  readonly rows: number
  readonly distinct: number
  readonly checksum: string
}

/** Counts and sums all columns that both tables have. The order of the rows does not matter. */
export async function sumsOf(ports: LakePorts, sinks: readonly Sink[]): Promise<readonly Sum[]> {
  const tables = await Promise.all(sinks.map(({ table }) => ports.catalog.loadTable(table)))
  const names = tables.map(({ schema }) => schema.fields.map(({ name }) => name))
  const common = (names[0] ?? []).filter((name) => names.every((each) => each.includes(name)))
  const columns = common.map(quoteName).join(', ')
  const sql = `SELECT count(*)::VARCHAR AS n, count(DISTINCT event_id)::VARCHAR AS d,
    sum(hash(${columns})::HUGEINT)::VARCHAR AS checksum FROM rows`
  const sums: Sum[] = []
  for (const { side, table } of sinks) {
    const [row] = await queryTable(ports, table, sql)
    const { n, d, checksum } = row ?? {}
    sums.push({ side, rows: Number(n), distinct: Number(d), checksum: String(checksum) })
  }
  return sums
}

/** @throws when a table does not have each sent record once, or the tables differ: then the run is void. */
export function assertEqual(sums: readonly Sum[], sent: number): void {
  for (const { side, rows, distinct } of sums) {
    if (rows === sent && distinct === sent) continue
    throw new Error(`void: ${side} has ${rows} rows of ${distinct} records; ${sent} were sent`)
  }
  if (new Set(sums.map(({ checksum }) => checksum)).size === 1) return
  throw new Error(`void: the tables differ: ${JSON.stringify(sums)}`)
}
