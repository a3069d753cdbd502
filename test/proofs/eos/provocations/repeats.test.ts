import { expect, test } from 'vitest'
import type { ReadRecord } from '../../../support/kafka.ts'
import { lastOffsets, repeatsIn } from './repeats.ts'

const record = (id: string | undefined, offset: string, partition = 0): ReadRecord => ({
  ...{ topic: 't', partition, offset, key: null, value: null, timestampMs: 0 },
  headers: id === undefined ? {} : { id },
})

test('a repeat is an event id that has been read before, whatever lies between', () => {
  const records = [record('a', '0'), record('b', '1'), record('a', '2'), record('a', '5')]
  expect(repeatsIn(records).map(({ offset }) => offset)).toEqual(['2', '5'])
})

test('records without an event id are never repeats', () => {
  expect(repeatsIn([record(undefined, '0'), record(undefined, '1')])).toEqual([])
})

test('the last offset of a partition is its highest, by number and not by text', () => {
  const records = [record('a', '9'), record('b', '10'), record('c', '3', 2)]
  expect([...lastOffsets(records)]).toEqual([
    [0, 10n],
    [2, 3n],
  ])
})
