import { afterAll, beforeEach, expect, test } from 'vitest'
import { ORDERS, views } from './checks/check.ts'
import { silverViews } from './checks/silver.ts'
import { dropFromBronze, dropJudgedBarriers, isEvidence } from './control-rows.ts'
import { Evidence } from './evidence.ts'
import { judge } from './judge.ts'
import type { Finding } from './report.ts'

const evidence = await Evidence.open('64MB')
await evidence.run(views)
await evidence.run(silverViews)
afterAll(() => evidence.close())
beforeEach(() =>
  evidence.clear('records', 'bronze', 'chain', 'progress', 'ends', 'dropped_barriers'),
)

const findings = (status: Finding['status']): readonly Finding[] =>
  ['I2', 'I9', 'I10'].map((id) => ({
    ...{ id, status, says: '', detail: '', violations: 0, inFlight: 0, offenders: [] },
  }))

const control = (type: 'tick' | 'barrier', offset: bigint) => ({
  ...{ topic: ORDERS, partition: 0n, offset, type, fate: 'committed', unreadable: null },
  ...{ event_id: `id-${offset}`, stream_id: 'control', version: offset + 1n, written_at: offset },
})

const isBarrier = (offset: bigint) => offset % 60n === 59n

/** The log of so many minutes: a tick a minute, but each hour a barrier. */
const minutes = (from: bigint, to: bigint) =>
  Array.from({ length: Number(to - from) }, (_, minute) => from + BigInt(minute)).map((offset) =>
    control(isBarrier(offset) ? 'barrier' : 'tick', offset),
  )

/** All that bronze holds: an hour's barrier each, and no ticks. */
const barriers = (end: bigint) =>
  Array.from({ length: Number(end / 60n) }, (_, hour) =>
    control('barrier', BigInt(hour) * 60n + 59n),
  )

/** What an audit reads: what is new in the topic, and all of bronze. */
async function readUntil(from: bigint, end: bigint) {
  await evidence.load('records', minutes(from, end).filter(isEvidence))
  await evidence.clear('bronze', 'chain', 'progress', 'ends')
  await evidence.load(
    'bronze',
    barriers(end).map(({ topic, partition, offset, event_id, stream_id, version, type }) => ({
      ...{ topic, partition, offset, event_id, stream_id, version, type },
    })),
  )
  const place = { topic: ORDERS, partition: 0n }
  await evidence.load('chain', [
    {
      ...{ table_name: ORDERS, topic_partition: `${ORDERS}-0`, sequence: 1n },
      ...{ start_offset: 0n, end_offset: end },
    },
  ])
  await evidence.load('progress', [{ ...place, silver_end: end - 30n, quarantine_end: end - 90n }])
  await evidence.load('ends', [{ ...place, next_offset: end }])
  await dropFromBronze(evidence)
}

async function sizes() {
  const [row] = await evidence.query(
    'select (select count(*) from records) as records, (select count(*) from bronze) as bronze, (select count(*) from dropped_barriers) as dropped_barriers',
  )
  return [row?.records, row?.bronze, row?.dropped_barriers].map(Number)
}

const compared = async () => {
  const found = await judge(evidence, { now: 1_000_000n, graceMs: 1n }, new Map())
  return found.filter(({ id }) => ['I2', 'I9', 'I10'].includes(id)).map(({ status }) => status)
}

test('after a month of ticks and barriers the evidence is as large as after a day', async () => {
  const QUARTER = 6n * 60n
  const MONTH = 30n * 4n
  const after: (readonly number[])[] = []
  for (let quarter = 1n; quarter <= MONTH; quarter += 1n) {
    await readUntil((quarter - 1n) * QUARTER, quarter * QUARTER)
    await dropJudgedBarriers(evidence, findings('ok'))
    after.push(await sizes())
  }
  expect(after.at(-1)).toEqual(after[3])
  expect(after.at(-1)?.[0]).toBeLessThanOrEqual(3)
  await readUntil(MONTH * QUARTER, (MONTH + 1n) * QUARTER)
  expect(await compared()).toEqual(['ok', 'ok', 'ok'])
}, 60_000)

test('a barrier that bronze skips is found before it can be dropped', async () => {
  await readUntil(0n, 240n)
  await evidence.run('delete from bronze where "offset" = 59')
  expect(await compared()).toContain('violated')
})

test.each(['violated', 'does not run'] as const)(
  'nothing is dropped while a comparison %s',
  async (status) => {
    await readUntil(0n, 240n)
    await dropJudgedBarriers(evidence, findings(status))
    expect(await sizes()).toEqual([4, 4, 0])
  },
)

test('a tick that some contract cannot read, or that was aborted, stays as evidence', () => {
  const tick = control('tick', 1n)
  expect(isEvidence(tick)).toBe(false)
  expect(isEvidence({ ...tick, unreadable: 'version 1: truncated' })).toBe(true)
  expect(isEvidence({ ...tick, fate: 'aborted' })).toBe(true)
})
