import { writeJson } from '@tenseams/iceberg/format/json'
import type { Row } from '@tenseams/iceberg/format/row'
import { readSources } from '@tenseams/iceberg/offsets/sources'
import { queryTable } from '@tenseams/iceberg/read/query'
import type { AppendPorts } from '@tenseams/iceberg/write/append'
import { overSilver, silverNow } from '@tenseams/lakehouse-service/gold/gold-table'
import { goldTables, rejectedSql } from '@tenseams/lakehouse-service/gold/gold-tables'
import type pg from 'pg'
import { differences, type Keyed } from './comparison.ts'

/** Each gold table is what its query makes of the snapshots of silver that it has recorded, and those are the newest. */
export async function goldEqualsSilver(ports: AppendPorts): Promise<readonly string[]> {
  const state = await silverNow(ports)
  if (state === undefined) return ['gold: silver has no tables yet']
  const found: string[] = []
  for (const gold of goldTables) {
    const table = { namespace: 'gold', name: gold.name }
    const sources = readSources((await ports.catalog.loadTable(table)).properties)
    for (const [name, { currentSnapshotId }] of state) {
      if (sources[`silver.${name}`] === (currentSnapshotId ?? undefined)) continue
      found.push(`gold.${gold.name}: is not made of the newest silver.${name}`)
    }
    const sql = await overSilver(ports, state, rejectedSql, gold.sql)
    const names = gold.columns.map(({ name }) => name)
    const wanted = await ports.engine.using(async (connection) => {
      await connection.run("SET TimeZone = 'UTC'")
      return (await connection.runAndReadAll(sql)).getRowObjectsJS() as readonly Row[]
    })
    const held = await queryTable(ports, table)
    found.push(...differences(`gold.${gold.name}`, textsOf(wanted, names), textsOf(held, names)))
  }
  return found
}

/** Sums are DuckDB's wide integers in a query and int64 in a file: as text they are the same. */
function textsOf(rows: readonly Row[], names: readonly string[]): readonly Keyed[] {
  return rows.map((row) => ({
    key: writeJson(names.map((name) => (row[name] === null ? null : String(row[name])))),
    text: '',
  }))
}

/** Money in gold is money in the event stores. */
export async function goldEqualsPostgres(
  ports: AppendPorts,
  shop: pg.Pool,
): Promise<readonly string[]> {
  const captured = await shop.query<Keyed>(
    `select data->>'currency' as key, sum((data->>'amountMinor')::bigint)::text as text
       from payments.events where type = 'PaymentCaptured' group by 1`,
  )
  const sold = await shop.query<Keyed>(
    `select placed.data->>'currency' as key, sum((placed.data->>'totalMinor')::bigint)::text as text
       from orders.events placed join orders.events confirmed
         on confirmed.stream_id = placed.stream_id and confirmed.type = 'OrderConfirmed'
      where placed.type = 'OrderPlaced' and not exists (
        select from orders.events where stream_id = placed.stream_id and type = 'OrderCancelled') group by 1`,
  )
  const inGold = async (name: string, column: string) => {
    const sql = `SELECT currency AS key, sum(${column})::VARCHAR AS text FROM rows GROUP BY 1 HAVING sum(${column}) > 0`
    const rows = await queryTable(ports, { namespace: 'gold', name }, sql)
    return rows.map(({ key, text }) => ({ key: String(key), text: String(text) }))
  }
  return [
    ...differences(
      'I4 captured money in gold.order_to_cash',
      captured.rows,
      await inGold('order_to_cash', 'captured_minor'),
    ),
    ...differences(
      'I4 revenue in gold.daily_revenue',
      sold.rows,
      await inGold('daily_revenue', 'revenue_minor'),
    ),
  ]
}
