import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clean, GRACE, NOW, ORDERS, tableNames } from './clean-evidence.ts'
import { Evidence, type Row, type TableName } from './evidence.ts'
import { judge } from './judge.ts'
import { faults } from './planted-faults.ts'
import type { Finding, Source } from './report.ts'

function rowsOf(table: TableName): readonly Row<never>[] {
  return clean[table] as readonly Row<never>[]
}

let evidence: Evidence

beforeAll(async () => {
  evidence = await Evidence.open('64MB')
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

test('evidence without a fault raises nothing, and says what is not built', async () => {
  const findings = await found()
  expect(violated(findings)).toEqual([])
  const open = findings.filter(({ status }) => status !== 'ok')
  expect(open.map(({ id, status }) => `${id} ${status}`)).toEqual(['I1.silver not checked'])
})

describe('a fault is found, and called by its name', () => {
  test.each(faults)('%s', async (_what, sql, ids) => {
    await evidence.run(sql)
    expect(violated(await found()).sort()).toEqual([...ids].sort())
  })

  test('every invariant that is checked has a fault that breaks it', async () => {
    const named = new Set(faults.flatMap(([, , ids]) => ids))
    const checked = (await found()).filter(({ status }) => status === 'ok').map(({ id }) => id)
    expect(checked.filter((id) => !named.has(id))).toEqual([])
  })
})

describe('what may be on its way is no violation', () => {
  const onItsWay: readonly (readonly [what: string, id: string, sql: string])[] = [
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
       update chain set end_offset = 3 where table_name = '${ORDERS}' and sequence = 2`,
    ],
    [
      'a capture of this minute',
      'I4.provider',
      `update operations set recorded_at = ${NOW};
       delete from events where type = 'PaymentCaptured'; delete from entries where transfer_id = 't-2';
       delete from records where type = 'PaymentCaptured'; delete from bronze where type = 'PaymentCaptured';
       delete from gold; update committed set next_offset = 0 where group_id = 'payments-shipments'`,
    ],
    [
      'money whose window has just closed',
      'I4.gold',
      `update gold set amount_minor = 400; update records set
       written_at = ${NOW} where type = 'PaymentCaptured'`,
    ],
  ]

  test.each(onItsWay)('%s', async (_what, id, sql) => {
    await evidence.run(sql)
    const findings = await found()
    expect(violated(findings)).toEqual([])
    expect(findings.find((finding) => finding.id === id)?.inFlight).toBeGreaterThan(0)
  })

  test('a letter, for a record that nobody can read', async () => {
    await evidence.run(`update records set unreadable = 'newest: no', event_id = null, type = null
                         where type = 'OrderCompleted'`)
    await evidence.run(`delete from bronze where type = 'OrderCompleted'`)
    await evidence.run(`update events set must = false where type = 'OrderCompleted'`)
    expect(violated(await found())).toEqual(['I17'])
    await evidence.run(`insert into letters values ('${ORDERS}', 0, 3, 'lakehouse')`)
    expect(violated(await found())).toEqual([])
  })
})

test('a source that gives no answer leaves its invariants without a verdict', async () => {
  const findings = await found(new Map([['lake', 'ECONNREFUSED']]))
  const silent = findings.filter(({ status }) => status === 'does not run').map(({ id }) => id)
  expect(silent).toEqual(['I1.bronze', 'I2', 'I9', 'I10', 'I16'])
})
