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
  planChunk([record(offset), record(offset + 1), record(offset + 2)], {
    ...{ groupId: 'group', refusals },
    judge: (record, error) => new WaitingRecords().judge(record, error),
    bounds: { maxRecords: 100, maxBytes: 100_000, maxMs: 60_000 },
    transform: ({ value }) => [{ topic: 'out', value }],
  })

const coveredFrom = async (refusals: Refusals, offset: number) =>
  (await planFrom(refusals, offset)).covered

test('after a refusal records are sent alone, up to the last one that was refused', async () => {
  const refusals = afterFailure(noRefusals, [4, 5, 6].map(record), refused)
  const covered = await Promise.all([4, 6, 7].map((offset) => coveredFrom(refusals, offset)))
  expect(covered).toEqual([1, 1, 3])
  expect(await planFrom(refusals, 5)).toMatchObject({ deadLetters: [] })
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
