import { captureState, faultsOf } from '@tenseams/debezium/capture-status'
import type { Capturing } from '@tenseams/debezium/capturing'
import { recordBytes } from '@tenseams/debezium/record-size'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { kafkaAs } from '@tenseams/local/launcher/plan/endpoints'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RawTables } from '../../proofs/cdc/tables.ts'
import { cdc } from '../../proofs/cdc/verb.ts'
import { adminPool } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

const sku = 'large-row-01'
const bound = 'products_fit_a_record'

let stack: TestStack
let pool: pg.Pool
let tables: RawTables

beforeAll(async () => {
  stack = await useStack()
  pool = adminPool(stack)
  tables = await RawTables.open(stack)
})

afterAll(async () => {
  await pool.query('delete from catalogue.products where sku = $1', [sku])
  await tables.close()
  await pool.end()
})

const capturing = (): Capturing => {
  const { endpoints, ports, secrets } = stack.context
  return {
    ...endpoints,
    ...{ brokers: endpoints.kafkaBrokers, registryUrl: `http://127.0.0.1:${ports.registry}` },
    credentialsFile: kafkaAs(endpoints, 'operator').credentialsFile,
    adminPassword: secrets.postgresPasswords.postgres,
  }
}

const named = (characters: number) =>
  pool.query(
    `insert into catalogue.products (sku, name, price_minor, currency)
     values ($1, repeat('x', $2), 100, 'EUR')
         on conflict (sku) do update set name = excluded.name`,
    [sku, characters],
  )

test('a name of 1.28 MB is refused where it is written', async () => {
  await expect(named(1_280_000)).rejects.toMatchObject({ code: '23514', constraint: bound })
})

test('a row that no record can carry is named, is refused by recover, and recover reads all rows once it is smaller', async () => {
  const { rows } = await pool.query<{ text: string }>(
    'select pg_get_constraintdef(oid) as text from pg_constraint where conname = $1',
    [bound],
  )
  await pool.query(`alter table catalogue.products drop constraint ${bound}`)
  try {
    await named(recordBytes + 1_000_000)
    const faults = async () => {
      const found = faultsOf(await captureState(capturing(), 'cdc'))
      return found.find((fault) => fault.includes(`catalogue.products, sku ${sku}`))
    }
    const fault = await eventually(faults, { timeoutMs: 60_000, what: 'the record to be named' })
    expect(fault).toMatch(/about 51\d{5} bytes.*make the row smaller/)
    await expect(cdc(stack, 'recover')).rejects.toThrow(/large-row-01: the row has .* bytes/)
    await named(10)
    await cdc(stack, 'recover')
    await eventually(
      async () => expect(await tables.differences(pool, { endedBySnapshot: true })).toEqual([]),
      {
        timeoutMs: 30_000,
        what: 'the topics to be as Postgres is',
      },
    )
    await eventually(
      async () => expect(faultsOf(await captureState(capturing(), 'cdc'))).toEqual([]),
      {
        timeoutMs: 30_000,
        what: 'no fault',
      },
    )
  } finally {
    await named(10)
    await pool.query(`alter table catalogue.products add constraint ${bound} ${rows[0]?.text}`)
  }
}, 400_000)
