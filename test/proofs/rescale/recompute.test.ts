import { Engine } from '@tenseams/iceberg/duckdb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cells, compareWithBatch } from './recompute.ts'

const intervals = { delay: 5, gap: 60, term: 100, skew: 5 }
let engine: Engine

beforeAll(async () => {
  engine = await Engine.open({ memoryLimit: '128MB', threads: 1 })
})
afterAll(() => engine.close())

const order = (off: number, et: number, id: string): Cells => ({
  ...{ input: 'order', part: 0, off, event_id: id, stream_id: `of-${id}`, et, logged: et },
  ...{ customer_id: 'c', currency: 'EUR', amount_minor: 10 },
})
const payment = (off: number, et: number, of: string): Cells => ({
  ...{
    input: 'payment',
    part: 0,
    off,
    event_id: `paid-${of}`,
    stream_id: `of-${of}`,
    et,
    logged: et,
  },
  ...{ currency: 'EUR', amount_minor: 10 },
})
const session = (start: number, end: number, orders: number, paid: number, ms: number): Cells => ({
  ...{ window_start: start, window_end: end, customer_id: 'c', currency: 'EUR', orders },
  ...{ amount_minor: orders * 10, paid_orders: paid, time_to_pay_ms: ms },
})

// The tick has no customer and no amount; b is exactly the gap after a, c is later than that; d is late, and b is sent twice.
const sent: readonly Cells[] = [
  order(0, 0, 'a'),
  order(1, 60, 'b'),
  order(2, 60, 'b'),
  order(3, 121, 'c'),
  { input: 'order', part: 0, off: 4, event_id: 't', stream_id: 't', et: 200, logged: 200 },
  order(5, 195, 'd'),
  payment(0, 30, 'a'),
  payment(1, 221, 'c'),
  payment(2, 222, 'b'),
]
const sessions = [session(0, 120, 2, 1, 30), session(121, 181, 1, 1, 100)]
const late: readonly Cells[] = [
  {
    ...{ input: 'order', event_id: 'd', stream_id: 'of-d', et: 195, watermark: 195 },
    ...{ currency: 'EUR', amount_minor: 10 },
  },
]

const compared = (found: { sessions: readonly Cells[]; late: readonly Cells[] }) =>
  compareWithBatch(engine, { sent, found: { topic: found } }, intervals)

test('sessions, repeats, payments within the term and late rows equal those of the job', async () => {
  const outcome = await compared({ sessions, late })
  expect(outcome).toEqual({ due: { sessions: 2, late: 1 }, differences: [] })
})

test('an event that is dated too far ahead of the log is late, and makes no other late', async () => {
  const hour = 3_600_000
  const ahead: readonly Cells[] = [
    { ...order(0, hour, 'ahead'), logged: 0 },
    order(1, 10, 'a'),
    { ...order(2, 31, 'skewed'), logged: 30 },
    order(3, 29, 'b'),
  ]
  const found = {
    sessions: [{ ...session(10, 91, 3, 0, 0) }],
    late: [{ ...late[0], event_id: 'ahead', stream_id: 'of-ahead', et: hour, watermark: 0 }],
  }
  const outcome = await compareWithBatch(
    engine,
    { sent: ahead, found: { topic: found } },
    intervals,
  )
  expect(outcome.differences).toEqual([])
})

test('a row that occurs twice is reported', async () => {
  const { differences } = await compared({ sessions: [...sessions, ...sessions], late })
  expect(differences).toEqual([
    expect.stringContaining('sessions in topic: 2 rows more often than due'),
  ])
})

test('a missing row and an unexpected row are reported', async () => {
  const { differences } = await compared({ sessions: [session(0, 120, 2, 2, 30)], late: [] })
  expect(differences).toEqual([
    expect.stringContaining('sessions in topic: 1 rows not due'),
    expect.stringContaining('sessions in topic: 2 rows missing'),
    expect.stringContaining('late in topic: 1 rows missing'),
  ])
})
