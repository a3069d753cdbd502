import { expect, test } from 'vitest'
import { planChunk } from './chunk.ts'
import type { ConsumedRecord } from './record.ts'
import { afterFailure, noRefusals, type Refusals } from './refusals.ts'
import { WaitingRecords } from './waiting-records.ts'

const record = (offset: number): ConsumedRecord => ({
  ...{
    topic: 'in',
    partition: 0,
    offset: String(offset),
    timestampMs: 0,
    key: null,
    value: null,
    headers: {},
  },
})
const refused = new Error('transaction', {
  cause: Object.assign(new Error('refused'), { type: 'MESSAGE_TOO_LARGE' }),
})

const planFrom = (refusals: Refusals, offset: number) =>
  planOf([record(offset), record(offset + 1), record(offset + 2)], refusals)

const planOf = (records: readonly ConsumedRecord[], refusals: Refusals) =>
  planChunk(records, {
    ...{ groupId: 'group', refusals },
    judge: (record, error) => new WaitingRecords().judge(record, error),
    bounds: { maxRecords: 2_000, maxBytes: 1_000_000, maxMs: 60_000 },
    transform: ({ offset }) => [{ topic: 'out', value: offset }],
  })

const coveredFrom = async (refusals: Refusals, offset: number) =>
  (await planFrom(refusals, offset)).covered

test('after a refusal half as many records are sent at once, up to the last one that was refused', async () => {
  const refusals = afterFailure(noRefusals, [4, 5, 6, 7].map(record), refused)
  const covered = await Promise.all([4, 6, 8].map((offset) => coveredFrom(refusals, offset)))
  expect(covered).toEqual([2, 2, 3])
  expect(await planFrom(refusals, 5)).toMatchObject({ deadLetters: [] })
})

test.each([
  ['one of 2000', [1_234]],
  ['the first and the last', [0, 1_999]],
  ['three side by side', [700, 701, 702]],
])('the records at fault are found in few transactions: %s', async (_which, atFault) => {
  const records = Array.from({ length: 2_000 }, (_, offset) => record(offset))
  let refusals = noRefusals
  let next = 0
  let transactions = 0
  const deadLettered: string[] = []
  while (next < records.length) {
    const plan = await planOf(records.slice(next), refusals)
    transactions += 1
    const covered = records.slice(next, next + plan.covered)
    const isRefused = plan.produced.some(({ value }) => atFault.includes(Number(value)))
    if (isRefused) refusals = afterFailure(refusals, covered, refused)
    else {
      next += plan.covered
      deadLettered.push(...plan.deadLetters.map(({ offset }) => offset))
    }
  }
  expect(deadLettered).toEqual(atFault.map(String))
  expect(transactions).toBeLessThan(30 * atFault.length)
})

test('the record that is refused alone is at fault, and no other', async () => {
  const refusals = afterFailure(noRefusals, [record(5)], refused)
  const { deadLetters, produced, covered } = await planFrom(refusals, 5)
  expect(deadLetters).toMatchObject([{ offset: '5', reason: 'refused-by-broker' }])
  expect({ produced: produced.length, covered }).toEqual({ produced: 2, covered: 3 })
  expect(await planFrom(refusals, 6)).toMatchObject({ deadLetters: [] })
})

test('a dead letter that the broker refuses as well is written without the record’s bytes', async () => {
  const large = { ...record(5), value: Buffer.from('large'), headers: { trace: 'x' } }
  const once = afterFailure(noRefusals, [large], refused)
  const twice = afterFailure(once, [large], refused)
  const deadLettersOf = async (refusals: Refusals) =>
    (
      await planChunk([large], {
        ...{ groupId: 'group', refusals, bounds: { maxRecords: 1, maxBytes: 100, maxMs: 1_000 } },
        judge: (one, error) => new WaitingRecords().judge(one, error),
        transform: () => [],
      })
    ).deadLetters
  expect(await deadLettersOf(once)).toMatchObject([{ value: Buffer.from('large') }])
  expect(await deadLettersOf(twice)).toMatchObject([
    {
      offset: '5',
      value: null,
      headers: {},
      detail: expect.stringContaining('its bytes are left'),
    },
  ])
})

test('an unavailable broker says nothing about a record', async () => {
  const away = Object.assign(new Error('away'), { type: 'NOT_ENOUGH_REPLICAS' })
  const refusals = afterFailure(noRefusals, [4, 5, 6].map(record), away)
  expect(afterFailure(refusals, [record(5)], away)).toEqual(noRefusals)
  expect(await planFrom(refusals, 4)).toMatchObject({ covered: 3, deadLetters: [] })
})
