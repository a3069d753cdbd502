import { expect, test } from 'vitest'
import { HeldError } from './failure.ts'
import { WaitingRecords } from './waiting-records.ts'

const record = (offset: number, timestampMs = 0) => ({
  ...{ topic: 'orders', partition: 3, offset: String(offset), timestampMs },
})
const outage = Object.assign(new Error('away'), { code: 'ECONNREFUSED' })

test('an outage keeps readiness off, and names partition, offset and cause, until the record has passed', () => {
  const waiting = new WaitingRecords()
  expect(() => waiting.assertNoOutage()).not.toThrow()
  waiting.judge(record(7), outage)
  waiting.judge(record(7), outage)
  expect(() => waiting.assertNoOutage()).toThrow(
    'orders-3 waits at offset 7 since 2 attempts: econnrefused: away',
  )
  waiting.passed(record(7))
  expect(() => waiting.assertNoOutage()).not.toThrow()
})

test('neither a bug nor a partition of another member keeps readiness off', () => {
  const waiting = new WaitingRecords()
  waiting.judge(record(7), new TypeError('ours'))
  expect(() => waiting.assertNoOutage()).not.toThrow()
  waiting.judge(record(7), outage)
  waiting.keep({ orders: [3] })
  expect(() => waiting.assertNoOutage()).toThrow('orders-3')
  waiting.keep({ orders: [1, 2] })
  expect(() => waiting.assertNoOutage()).not.toThrow()
})

test('what somebody holds back keeps readiness on, and leaves a record its ten attempts', () => {
  class Held extends HeldError {
    readonly code = 'HELD'
  }
  const waiting = new WaitingRecords()
  for (let time = 0; time < 50; time += 1) {
    expect(waiting.judge(record(7), new Held('for now'))).toMatchObject({ fault: 'held' })
  }
  expect(() => waiting.assertNoOutage()).not.toThrow()
  const verdicts = Array.from({ length: 10 }, () => waiting.judge(record(7), new Error('unknown')))
  expect(verdicts.map(({ kind }) => kind)).toEqual([...Array(9).fill('wait'), 'dead-letter'])
})

test('attempts are counted for a record, not for its partition', () => {
  const waiting = new WaitingRecords()
  const judgeTimes = (offset: number, times: number) =>
    Array.from({ length: times }, () => waiting.judge(record(offset), new Error('unknown'))).at(-1)
  expect(judgeTimes(7, 9)?.kind).toBe('wait')
  expect(judgeTimes(8, 9)?.kind).toBe('wait')
  expect(judgeTimes(8, 1)?.kind).toBe('dead-letter')
})

test('two records that fail in one batch, which is fetched again as a whole, are both given up', () => {
  const waiting = new WaitingRecords()
  let rounds = 0
  const isDone = () => {
    rounds += 1
    return [7, 9].every(
      (offset) => waiting.judge(record(offset), new Error('unknown')).kind === 'dead-letter',
    )
  }
  while (!isDone()) expect(rounds).toBeLessThan(30)
  expect(rounds).toBe(19)
})

test('a dead letter that cannot be written keeps readiness off, and its record is not judged again', () => {
  const waiting = new WaitingRecords()
  const poison = Object.assign(new Error('poison'), { retriable: false })
  const away = new Error('no such topic')
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    expect(waiting.judge(record(7), poison).kind).toBe('dead-letter')
    expect(waiting.hold(record(7), 'its dead letter', away)).toMatchObject({ fault: 'outage' })
    expect(waiting.attemptsOf(record(7))).toBe(attempt)
  }
  expect(() => waiting.assertNoOutage()).toThrow('its dead letter: no such topic')
  waiting.passed(record(7))
  expect(() => waiting.assertNoOutage()).not.toThrow()
})

test.each([
  ['is ahead', 31_536_000_000],
  ['says nothing', Number.NaN],
])('a writer’s clock that %s does not make a record wait without a bound', (_, aheadMs) => {
  let now = 1_000_000
  const waiting = new WaitingRecords(() => now)
  const dated = record(7, now + aheadMs)
  for (let attempt = 1; attempt < 1_000; attempt += 1) waiting.judge(dated, outage)
  now += 604_800_000
  expect(waiting.judge(dated, outage).kind).toBe('dead-letter')
})

test('of several records that wait, readiness names the lowest, and each has attempts of its own', () => {
  const waiting = new WaitingRecords()
  for (const offset of [10, 9, 9]) waiting.judge(record(offset), outage)
  expect(() => waiting.assertNoOutage()).toThrow('orders-3 waits at offset 9 since 2 attempts')
  waiting.passed(record(9))
  expect(() => waiting.assertNoOutage()).toThrow('orders-3 waits at offset 10 since 1 attempts')
  waiting.passedAll({ topic: 'orders', partition: 3 })
  expect(() => waiting.assertNoOutage()).not.toThrow()
})

test('for a reader that takes one record after another, those before the one that fails wait no more', () => {
  const waiting = new WaitingRecords()
  waiting.judgeNext(record(9), outage)
  waiting.judgeNext(record(10), new TypeError('ours'))
  expect(() => waiting.assertNoOutage()).not.toThrow()
  expect(waiting.attemptsOf(record(9))).toBe(0)
})
