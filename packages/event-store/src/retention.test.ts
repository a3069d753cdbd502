import { expect, test } from 'vitest'
import { type Remove, Retention } from './retention.ts'

const DAY = 86_400_000

/** A table whose rows have a time each, and how large the largest of its deletes was. */
function newTable() {
  const table = { rows: [] as number[], largest: 0 }
  const remove: Remove = async (cutoff, limit) => {
    const gone = table.rows.filter((at) => at < cutoff.getTime()).slice(0, limit)
    table.largest = Math.max(table.largest, gone.length)
    table.rows = table.rows.slice(gone.length)
    return gone.length
  }
  return { table, remove }
}

const fail = (error: unknown) => {
  throw error
}

test('a table has the same size after each day of a month of constant load, in deletes of a bounded size', async () => {
  const { table, remove } = newTable()
  const clock = { now: 0 }
  const expiring = [{ what: 'rows', lifeMs: DAY, remove }]
  const retention = new Retention({ expiring, onError: fail, now: () => clock.now })
  const sizes: number[] = []
  for (let hour = 1; hour <= 30 * 24; hour += 1) {
    for (let row = 0; row < 500; row += 1) table.rows.push(clock.now + row)
    clock.now = (hour * DAY) / 24
    await retention.sweep()
    if (hour % 24 === 0) sizes.push(table.rows.length)
  }
  expect(new Set(sizes)).toEqual(new Set([12_000]))
  expect(table.largest).toBeLessThanOrEqual(2_000)
})

test('a neglected table is emptied over several rounds, and the tables behind it have their turn in each', async () => {
  const [neglected, other] = [newTable(), newTable()]
  neglected.table.rows = Array.from({ length: 250_000 }, (_, at) => at)
  other.table.rows = [1, 2, 3]
  const expiring = [neglected, other].map(({ remove }, no) => ({
    what: String(no),
    lifeMs: 1,
    remove,
  }))
  const retention = new Retention({ expiring, onError: fail, now: () => DAY })
  expect(await retention.sweep()).toBe(false)
  expect(neglected.table.rows).toHaveLength(150_000)
  expect(other.table.rows).toEqual([])
  expect(await retention.sweep()).toBe(false)
  expect(await retention.sweep()).toBe(true)
  expect(neglected.table.rows).toEqual([])
})

test('rows that cannot be removed do not keep others from being removed', async () => {
  const { table, remove } = newTable()
  table.rows = [1, 2, 3]
  const refuse: Remove = () => Promise.reject(new Error('no rights'))
  const expiring = [
    { what: 'keys', lifeMs: 1, remove: refuse },
    { what: 'rows', lifeMs: 1, remove },
  ]
  const failed: string[] = []
  const onError = (_error: unknown, what: string) => failed.push(what)
  expect(await new Retention({ expiring, onError, now: () => DAY }).sweep()).toBe(true)
  expect(table.rows).toEqual([])
  expect(failed).toEqual(['keys'])
})

test('a service that ends stops between two deletes', async () => {
  const { table, remove } = newTable()
  table.rows = Array.from({ length: 10_000 }, (_, at) => at)
  const ending = new AbortController()
  const once: Remove = (cutoff, limit) => {
    ending.abort()
    return remove(cutoff, limit)
  }
  const expiring = [{ what: 'rows', lifeMs: 1, remove: once }]
  await new Retention({ expiring, onError: fail, now: () => DAY }).sweep(ending.signal)
  expect(table.rows).toHaveLength(8_000)
})
