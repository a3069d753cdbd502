import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DoneAhead } from './done-ahead.ts'
import { BatchOrder, sideBySide } from './side-by-side.ts'

type Record = { readonly offset: string; readonly key: Buffer | null; readonly timestamp: string }

const record = (offset: number, key: string | null): Record => ({
  ...{ offset: String(offset), timestamp: '0' },
  key: key === null ? null : Buffer.from(key),
})

const offsetsOf = (records: readonly Record[]) => records.map(({ offset }) => offset)

/** All records that may start, without the end of any. */
function startable(order: BatchOrder<Record>): readonly string[] {
  const found: Record[] = []
  for (let next = order.next(); next !== undefined; next = order.next()) found.push(next)
  return offsetsOf(found)
}

describe('the order of a batch', () => {
  const [a0, a1, b2, none3, none4, empty5] = [
    ...[record(0, 'a'), record(1, 'a'), record(2, 'b')],
    ...[record(3, null), record(4, null), record(5, '')],
  ] as const
  const batch = [a0, a1, b2, none3, none4, empty5] as Record[]
  const nothing = () => false

  test('starts the first of each key; records without a key count as one, apart from the empty key', () => {
    expect(startable(new BatchOrder(batch, nothing))).toEqual(['0', '2', '3', '5'])
  })

  test('starts the next of a key when the one before is done, and never when it waits', () => {
    const order = new BatchOrder(batch, nothing)
    startable(order)
    order.end(a0 as Record, true)
    order.end(none3 as Record, false)
    expect(startable(order)).toEqual(['1'])
  })

  test('passes what is done up to the first record that is not', () => {
    const order = new BatchOrder(batch, nothing)
    startable(order)
    expect(order.lastUnbroken).toBeUndefined()
    order.end(b2 as Record, true)
    expect([order.lastUnbroken, order.firstOpen]).toEqual([undefined, a0])
    expect(offsetsOf(order.ahead)).toEqual(['2'])
    order.end(a0 as Record, true)
    order.end(a1 as Record, true)
    expect([order.lastUnbroken, order.firstOpen]).toEqual([b2, none3])
    expect(order.ahead).toEqual([])
  })

  test('leaves out what was done before, and its key goes on', () => {
    const order = new BatchOrder(batch, ({ offset }) => offset === '0')
    expect(startable(order)).toEqual(['1', '2', '3', '5'])
    expect(order.lastUnbroken).toBe(a0)
  })
})

test('an error of a handler is thrown when those under way are finished, and nothing more is started', async () => {
  const order = new BatchOrder([record(0, 'a'), record(1, 'b'), record(2, 'c')], () => false)
  const slow = Promise.withResolvers<boolean>()
  const started: string[] = []
  const running = sideBySide(order, {
    atOnce: 2,
    mayStart: () => true,
    handle: ({ offset }) => {
      started.push(offset)
      return offset === '0' ? Promise.reject(new Error('rebalance')) : slow.promise
    },
  })
  const settled = running.then(
    () => 'returned',
    (error: Error) => error.message,
  )
  slow.resolve(true)
  expect(await settled).toBe('rebalance')
  expect(started).toEqual(['0', '1'])
  expect(order.ahead.map(({ offset }) => offset)).toEqual(['1'])
})

/** A topic's partition with random keys; how often each record fails before it is done; and how wide it is read. */
const reading = fc.record({
  keys: fc.array(fc.constantFrom('a', 'b', 'c', 'd', null), { minLength: 1, maxLength: 24 }),
  failures: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 24, maxLength: 24 }),
  atOnce: fc.integer({ min: 1, max: 5 }),
  /** After how many starts each round is cut, as by a rebalance. */
  cuts: fc.array(fc.integer({ min: 1, max: 24 }), { minLength: 6, maxLength: 6 }),
})

test('whatever fails, in whatever order handlers end: keys in order, never too many, nothing passed that is not done, nothing skipped', async () => {
  await fc.assert(
    fc.asyncProperty(reading, fc.scheduler(), async ({ keys, failures, atOnce, cuts }, s) => {
      const log = keys.map((key, offset) => record(offset, key))
      const left = new Map(log.map(({ offset }, index) => [offset, failures[index] ?? 0]))
      const done: string[] = []
      const underWay = new Set<Record>()
      const doneAhead = new DoneAhead()
      let committed = 0
      const handle = async (one: Record, order: BatchOrder<Record>) => {
        expect([...underWay].map(({ key }) => String(key))).not.toContain(String(one.key))
        underWay.add(one)
        expect(underWay.size).toBeLessThanOrEqual(atOnce)
        await s.schedule(Promise.resolve())
        underWay.delete(one)
        const failuresLeft = left.get(one.offset) ?? 0
        left.set(one.offset, failuresLeft - 1)
        if (failuresLeft === 0) done.push(one.offset)
        const position = Number(order.lastUnbroken?.offset ?? -1)
        expect(done).toEqual(expect.arrayContaining(offsetsOf(log.slice(0, position + 1))))
        return failuresLeft === 0
      }
      for (let round = 0; committed < log.length; round += 1) {
        expect(round).toBeLessThan(200)
        const batch = { topic: 'orders', partition: 0, messages: log.slice(committed) }
        const order = new BatchOrder(batch.messages, doneAhead.isDoneIn(batch))
        let starts = cuts[round] ?? Number.POSITIVE_INFINITY
        const running = sideBySide(order, {
          atOnce,
          mayStart: () => starts > 0,
          handle: (one) => {
            starts -= 1
            return handle(one, order)
          },
        })
        await s.waitFor(running)
        doneAhead.remember(batch, order)
        const next = order.firstOpen === undefined ? log.length : Number(order.firstOpen.offset)
        expect(next).toBeGreaterThanOrEqual(committed)
        committed = next
      }
      expect(done.toSorted((one, other) => Number(one) - Number(other))).toEqual(offsetsOf(log))
      for (const key of new Set(keys)) {
        const ofKey = new Set(offsetsOf(log.filter((one) => String(one.key) === String(key))))
        expect(done.filter((offset) => ofKey.has(offset))).toEqual([...ofKey])
      }
    }),
    { numRuns: 300 },
  )
})
