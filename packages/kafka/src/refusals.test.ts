import { expect, test } from 'vitest'
import { planChunk } from './chunk.ts'
import type { ConsumedRecord } from './consume.ts'
import { afterFailure, noRefusals, type Refusals } from './refusals.ts'

const record = (offset: number): ConsumedRecord => ({
  ...{ topic: 'in', partition: 0, offset: String(offset), key: null, value: null, headers: {} },
})
const refused = new Error('transaction', {
  cause: Object.assign(new Error('refused'), { type: 'MESSAGE_TOO_LARGE' }),
})

const planFrom = (refusals: Refusals, offset: number) =>
  planChunk([record(offset), record(offset + 1), record(offset + 2)], {
    ...{ groupId: 'group', failures: 0, refusals },
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

test('an unavailable broker says nothing about a record', async () => {
  const away = Object.assign(new Error('away'), { type: 'NOT_ENOUGH_REPLICAS' })
  const refusals = afterFailure(noRefusals, [4, 5, 6].map(record), away)
  expect(afterFailure(refusals, [record(5)], away)).toEqual(noRefusals)
  expect(await planFrom(refusals, 4)).toMatchObject({ covered: 3, deadLetters: [] })
})
