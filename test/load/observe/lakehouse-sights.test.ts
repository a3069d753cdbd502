import { type OwnLake, openOwnLake } from '@tenseams/iceberg/testing/own-lake'
import { append, baseOf } from '@tenseams/iceberg/write/append'
import { bronzeTableOf } from '@tenseams/lakehouse-service/bronze/bronze-table'
import { refreshGold, silverNow } from '@tenseams/lakehouse-service/gold/gold-table'
import { goldTables, rejectedSql } from '@tenseams/lakehouse-service/gold/gold-tables'
import { refresh } from '@tenseams/lakehouse-service/silver/refresh'
import { silverTables } from '@tenseams/lakehouse-service/silver/tables'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { orderEvent } from '../../bench/lake/orders.ts'
import { endsIn, type Layer, tables } from './sights.ts'

const TOPIC = 'orders.order.v1'
let lake: OwnLake

beforeAll(async () => {
  lake = await openOwnLake()
})
afterAll(() => lake.close())

const bronze = bronzeTableOf(TOPIC)

/** As the lakehouse commits the records of a partition from one offset up to another. */
async function toBronze(start: bigint, end: bigint): Promise<void> {
  const { catalog } = lake.ports
  const base = baseOf(await catalog.ensureTable(bronze.table, bronze.schema, {}))
  const rows = Array.from({ length: Number(end - start) }, (_, index) => {
    const offset = start + BigInt(index)
    const origin = { partition: 2, offset, timestampMs: 0, schemaId: 1 }
    // Every third of these events places an order.
    return bronze.rowOf(orderEvent(3 * Number(offset), 1_700_000_000_000), origin)
  })
  await append(lake.ports, bronze.table, base, { rows, spans: { [`${TOPIC}-2`]: { start, end } } })
}

async function toSilver(): Promise<void> {
  for (const derived of silverTables()) await refresh(lake.ports, derived, 1_000n)
}

async function toGold(): Promise<void> {
  const gold = goldTables.find(({ name }) => name === tables.gold.name)
  const silver = await silverNow(lake.ports)
  if (gold === undefined || silver === undefined) return expect.fail('silver or gold is missing')
  await refreshGold(lake.ports, gold, silver, rejectedSql)
}

async function endOf(layer: Layer): Promise<bigint | undefined> {
  const load = (each: Layer) => lake.ports.catalog.loadTable(tables[each]).catch(() => undefined)
  const [bronze, silver, gold] = [await load('bronze'), await load('silver'), await load('gold')]
  const found = { ...(bronze && { bronze }), ...(silver && { silver }), ...(gold && { gold }) }
  return endsIn(layer, found)?.get(2)
}

test('what the lakehouse commits says how far each layer is in the log', async () => {
  await toBronze(5n, 9n)
  expect([await endOf('bronze'), await endOf('silver'), await endOf('gold')]).toEqual([
    ...[9n, undefined, undefined],
  ])
  await toSilver()
  await toBronze(9n, 12n)
  expect([await endOf('bronze'), await endOf('silver'), await endOf('gold')]).toEqual([
    ...[12n, 9n, undefined],
  ])
  await toGold()
  await toSilver()
  expect([await endOf('bronze'), await endOf('silver'), await endOf('gold')]).toEqual([
    ...[12n, 12n, 9n],
  ])
  await toGold()
  expect(await endOf('gold')).toBe(12n)
}, 60_000)
