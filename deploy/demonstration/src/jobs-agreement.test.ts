import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepSubmission } from '@tenseams/flink-jobs/run/kept-submission'
import { readJob } from '@tenseams/flink-jobs/script/job'
import { Engine } from '@tenseams/iceberg/duckdb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agrees } from './agreement.ts'
import { compareJobs, secondsInUse } from './jobs-agreement.ts'
import { demonstrationSeconds } from './settings.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ten-seams-agreement-'))
  const script = { settings: { 'parallelism.default': '1' }, tables: [], statements: [] }
  keepSubmission(folder, readJob('order-to-cash'), script)
  const savepoint = join(folder, 'savepoints', 'order-to-cash', 'savepoint-1')
  mkdirSync(savepoint, { recursive: true })
  writeFileSync(join(savepoint, '_metadata'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

test('an instance whose state has other intervals is compared by those', async () => {
  expect(secondsInUse(folder, 'order-to-cash').term).toBe(900)
  expect(secondsInUse(folder, 'shopper-sessions').term).toBe(demonstrationSeconds.term)
  const asked: string[] = []
  const ask = async (sql: string) => {
    asked.push(sql)
    return [{ due: 3, found: 3, same: 3 }]
  }
  await compareJobs(ask, { stateFolder: folder, finalBeforeMs: 5 })
  expect(asked.filter((sql) => sql.includes('INTERVAL 900 SECOND'))).toHaveLength(1)
  expect(asked.every((sql) => sql.includes('WHERE final_ms < 5'))).toBe(true)
})

/** The lake's tables with one order that was paid at once and one that may still be paid, both placed at noon. */
const noon = Date.parse('2026-11-30T12:00:00Z')
const lake = `
  CREATE SCHEMA bronze; CREATE SCHEMA gold;
  CREATE TABLE bronze.orders_order_v1 AS
    SELECT id AS event_id, id AS stream_id, 'OrderPlaced' AS type, TIMESTAMPTZ '2026-11-30 12:00:00Z' AS occurred_at,
           {customer_id: id, currency: 'EUR', total_minor: 900::BIGINT} AS placed
      FROM (VALUES ('paid'), ('open')) AS orders(id);
  CREATE TABLE bronze.payments_payment_v1 AS
    SELECT 'p' AS event_id, 'paid' AS stream_id, 'PaymentCaptured' AS type, 1::BIGINT AS version,
           TIMESTAMPTZ '2026-11-30 12:00:02Z' AS occurred_at, {method: 'card'} AS authorised,
           {method: 'card', amount_minor: 900::BIGINT} AS captured,
           CASE WHEN false THEN {method: 'card', reason: 'x'} END AS declined;
  CREATE TABLE gold.order_to_cash_late (event_id VARCHAR, input VARCHAR);
  CREATE TABLE gold.shopper_sessions_late (event_id VARCHAR, input VARCHAR);
  CREATE TABLE gold.payment_failure_rate_late (event_id VARCHAR);
  CREATE TABLE gold.order_to_cash_paid AS
    SELECT 'paid' AS stream_id, 900::BIGINT AS amount_minor, 2000::BIGINT AS time_to_pay_ms,
           TIMESTAMPTZ '2026-11-30 12:00:02Z' AS paid_at;
  CREATE TABLE gold.order_to_cash_unpaid (stream_id VARCHAR, amount_minor BIGINT, due_at TIMESTAMPTZ);
  CREATE TABLE gold.shopper_sessions (
    customer_id VARCHAR, currency VARCHAR, window_start TIMESTAMPTZ, window_end TIMESTAMPTZ, orders BIGINT,
    amount_minor BIGINT, paid_orders BIGINT, time_to_pay_ms BIGINT);
  CREATE TABLE gold.payment_failure_rate (
    method VARCHAR, window_start TIMESTAMPTZ, window_end TIMESTAMPTZ, attempts BIGINT, declined BIGINT);
`

test('what is still open by then is not compared, and what is final is', async () => {
  const engine = await Engine.open({ memoryLimit: '256MB', threads: 1 })
  try {
    const compared = await engine.using(async (connection) => {
      await connection.run(lake)
      const ask = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjects()
      const by = (seconds: number) =>
        compareJobs(ask, { stateFolder: folder, finalBeforeMs: noon + seconds * 1_000 })
      // The term of order-to-cash is 15 minutes here, that of the sessions 20 s, as the demonstration wants it.
      return { early: await by(5), late: await by(1_000) }
    })
    expect(compared.early.filter((one) => !agrees(one))).toEqual([])
    expect(compared.early.find(({ what }) => what === 'rows of order-to-cash')?.found).toBe(1n)
    expect(compared.late.filter((one) => !agrees(one)).map(({ what }) => what)).toEqual(
      expect.arrayContaining(['rows of order-to-cash', 'rows of shopper-sessions']),
    )
  } finally {
    engine.close()
  }
})
