import { expect, test } from 'vitest'
import { foldChanges, type KeyedChange } from './fold.ts'

/** `at` is the connector's clock; a snapshot is identified by its LSN here. */
const told = (
  at: number,
  op: string,
  key: string,
  { price = 1, lsn = at, snapshot = 'false' } = {},
): KeyedChange<number> => ({
  key,
  change: {
    ...{ op, after: op === 'd' ? null : price, ts_us: BigInt(at) },
    source: { snapshot, lsn: BigInt(lsn), txId: 1n, ts_us: BigInt(op === 'r' ? lsn : at) },
  },
})
const folded = (changes: readonly KeyedChange<number>[], endedBySnapshot = true) =>
  Object.fromEntries(foldChanges(changes, { endedBySnapshot }))

test('the last record of a key counts', () => {
  const changes = [told(1, 'c', 'a'), told(2, 'c', 'b'), told(3, 'u', 'a', { price: 5 })]
  expect(folded([...changes, told(4, 'd', 'b')])).toEqual({ a: 5 })
})

test('a transaction that was open during a snapshot comes after it, is newer, and has the smaller LSN', () => {
  const read = told(5, 'r', 'a', { lsn: 50, snapshot: 'last' })
  expect(folded([read, told(6, 'u', 'a', { price: 7, lsn: 40 })])).toEqual({ a: 7 })
  expect(folded([read, told(6, 'c', 'b', { lsn: 40 })])).toEqual({ a: 1, b: 1 })
})

test('a completed full snapshot ends the rows that it does not have; other snapshots do not', () => {
  const before = [told(1, 'c', 'a'), told(2, 'c', 'gone')]
  const begun = told(5, 'r', 'a', { lsn: 50, snapshot: 'first' })
  const ended = told(6, 'r', 'c', { lsn: 50, snapshot: 'last_in_data_collection' })
  expect(folded([...before, begun, ended])).toEqual({ a: 1, c: 1 })
  expect(folded([...before, begun, ended], false)).toEqual({ a: 1, c: 1, gone: 1 })
  expect(folded([...before, begun])).toEqual({ a: 1, gone: 1 })
  const incremental = told(6, 'r', 'a', { lsn: 50, snapshot: 'incremental' })
  expect(folded([...before, incremental])).toEqual({ a: 1, gone: 1 })
})
