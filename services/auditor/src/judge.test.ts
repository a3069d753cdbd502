import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ORDERS, PAYMENTS, views } from './checks/check.ts'
import { silverViews } from './checks/silver.ts'
import { clean, GRACE, NOW, silverFromBronze, tableNames } from './clean-evidence.ts'
import { Evidence } from './evidence.ts'
import type { Row, TableName } from './evidence-tables.ts'
import { judge } from './judge.ts'
import { faultsBeforeSilver, faultsOfSilver } from './planted-faults.ts'
import type { Finding, Source } from './report.ts'

function rowsOf(table: TableName): readonly Row<never>[] {
  return clean[table] as readonly Row<never>[]
}

let evidence: Evidence

beforeAll(async () => {
  evidence = await Evidence.open('64MB')
  await evidence.run(views)
  await evidence.run(silverViews)
})
afterAll(() => evidence.close())
beforeEach(async () => {
  await evidence.clear(...tableNames)
  for (const table of tableNames) await evidence.load(table, rowsOf(table))
})

async function found(silence: ReadonlyMap<Source, string> = new Map()) {
  return judge(evidence, { now: NOW, graceMs: GRACE }, silence)
}

const violated = (findings: readonly Finding[]) =>
  findings.filter(({ status }) => status === 'violated').map(({ id }) => id)

test('evidence without a fault has no violation, and every invariant is judged', async () => {
  const findings = await found()
  expect(findings.filter(({ status }) => status !== 'ok')).toEqual([])
})

test('events that are dated ahead of the log are counted where gold is judged', async () => {
  const goldOf = async () => (await found()).find(({ id }) => id === 'I4.gold')?.detail
  expect(await goldOf()).not.toContain('ahead')
  await evidence.run(
    `update records set occurred_at = written_at + 3600000 where type = 'PaymentCaptured'`,
  )
  expect(await goldOf()).toContain('; 1 events are dated ahead of the log')
})

describe('a captured payment that is sent again after its window has closed', () => {
  const sendAgain = `
    insert into records select * replace (20 as "offset") from records where event_id = 'id-PaymentCaptured';
    insert into gold (kind, currency, event_id, "offset", payments, amount_minor)
      select 'late', 'EUR', 'id-PaymentCaptured', 20, 1, 500`

  test('is late then, and counted once', async () => {
    await evidence.run(sendAgain)
    expect((await found()).find(({ id }) => id === 'I4.gold')).toMatchObject({ status: 'ok' })
  })

  test('does not hide that its window has left it out', async () => {
    await evidence.run(`${sendAgain}; update gold set amount_minor = 400 where kind = 'window'`)
    expect((await found()).find(({ id }) => id === 'I4.gold')).toMatchObject({ status: 'violated' })
  })
})

describe('a fault is found, and named by its invariant', () => {
  test.each(faultsBeforeSilver)('%s', async (_what, sql, ids) => {
    await evidence.run(sql)
    await evidence.run(silverFromBronze)
    expect(violated(await found()).sort()).toEqual([...ids].sort())
  })

  test.each(faultsOfSilver)('%s', async (_what, sql, ids) => {
    await evidence.run(sql)
    expect(violated(await found()).sort()).toEqual([...ids].sort())
  })

  test('every invariant has a fault that breaks it', async () => {
    const named = new Set([...faultsBeforeSilver, ...faultsOfSilver].flatMap(([, , ids]) => ids))
    const checked = (await found()).filter(({ status }) => status === 'ok').map(({ id }) => id)
    expect(checked.filter((id) => !named.has(id))).toEqual([])
  })
})

describe('guards whose life is over', () => {
  const forgotten = `
    delete from inbox; delete from answers;
    update events set recorded_at = ${NOW} - 172800000; update records set written_at = ${NOW} - 172800000;
    insert into removals values ('orders', 'inbox', ${NOW} - 90000000), ('orders', 'idempotency', ${NOW} - 90000000)`

  test('are not missed', async () => {
    await evidence.run(forgotten)
    expect(violated(await found())).toEqual([])
  })

  test('are missed when the order does not show what it consumed', async () => {
    await evidence.run(forgotten)
    await evidence.run(
      `update records set type = 'PaymentRefunded' where type = 'PaymentAuthorised'`,
    )
    expect(violated(await found())).toContain('I14')
  })

  test('are missed when younger ones are there', async () => {
    await evidence.run(forgotten)
    await evidence.run(`update removals set removed_before = ${NOW} - 180000000`)
    expect(violated(await found())).toEqual(expect.arrayContaining(['I13', 'I14']))
  })
})

describe('what may be in flight is no violation', () => {
  const inFlight: readonly (readonly [what: string, id: string, sql: string])[] = [
    [
      'an event behind the barrier',
      'I1',
      `insert into events select * replace ('id-2' as event_id, 'o-2' as stream_id,
       1 as version, false as must, ${NOW} as recorded_at) from events where type = 'OrderPlaced';
       insert into answers values ('k-2', 'o-2', 201, 500)`,
    ],
    [
      'a record that bronze will take next',
      'I1.bronze',
      `delete from bronze where type = 'OrderCompleted';
       update chain set end_offset = 3 where table_name = '${ORDERS}' and sequence = 2;
       update silver set version = 2, status = 'confirmed' where topic = '${ORDERS}'`,
    ],
    [
      'an event that silver will read next',
      'I1.silver',
      `update silver set version = 2, status = 'confirmed' where topic = '${ORDERS}';
       update progress set silver_end = 3 where topic = '${ORDERS}'`,
    ],
    [
      'an event that silver has read, and its quarantine has not',
      'I1.silver',
      `update silver set version = 2, status = 'confirmed' where topic = '${ORDERS}';
       update progress set quarantine_end = 3 where topic = '${ORDERS}';
       update progress set silver_end = 0 where topic = '${PAYMENTS}';
       delete from silver where topic = '${PAYMENTS}'`,
    ],
    [
      'a capture of this minute',
      'I4.provider',
      `update operations set recorded_at = ${NOW};
       delete from events where type = 'PaymentCaptured'; delete from entries where transfer_id = 't-2';
       delete from records where type = 'PaymentCaptured'; delete from bronze where type = 'PaymentCaptured';
       delete from silver where topic = '${PAYMENTS}';
       insert into silver values ('${PAYMENTS}', 'o-1', 1, 'authorised', null, null);
       delete from gold; update committed set next_offset = 0 where group_id = 'payments-shipments'`,
    ],
    [
      'money whose window has just closed',
      'I4.gold',
      `update gold set amount_minor = 400; update records set
       written_at = ${NOW} where type = 'PaymentCaptured'`,
    ],
  ]

  test.each(inFlight)('%s', async (_what, id, sql) => {
    await evidence.run(sql)
    const findings = await found()
    expect(violated(findings)).toEqual([])
    expect(findings.find((finding) => finding.id === id)?.inFlight).toBeGreaterThan(0)
  })

  test('a record that nobody can read, when it is dead-lettered', async () => {
    await evidence.run(`update records set unreadable = 'newest: no', event_id = null, type = null
                         where type = 'OrderCompleted'`)
    await evidence.run(`delete from bronze where type = 'OrderCompleted'`)
    await evidence.run(`update events set must = false where type = 'OrderCompleted'`)
    await evidence.run(
      `update silver set version = 2, status = 'confirmed' where topic = '${ORDERS}'`,
    )
    expect(violated(await found())).toEqual(['I17'])
    await evidence.run(`insert into dead_letters values ('${ORDERS}', 0, 3, 'lakehouse', 3)`)
    expect(violated(await found())).toEqual([])
  })
})

test('a row that a gate has rejected is not missing from silver', async () => {
  await evidence.run(`insert into quarantine values ('${ORDERS}', 0, 3, 'no-version')`)
  await evidence.run(
    `update silver set version = 2, status = 'confirmed' where topic = '${ORDERS}'`,
  )
  expect(violated(await found())).toEqual([])
})

test('a source that does not answer leaves its invariants without a verdict', async () => {
  const findings = await found(new Map([['lake', 'ECONNREFUSED']]))
  const silent = findings.filter(({ status }) => status === 'does not run').map(({ id }) => id)
  expect(silent).toEqual([
    ...['I1.bronze', 'I1.silver', 'I1.quarantine', 'I1.history'],
    ...['I2', 'I9', 'I10', 'I15', 'I16', 'I16.rows', 'I16.topic'],
  ])
})
