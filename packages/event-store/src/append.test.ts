import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Append, planBatch } from './append.ts'

const append = (streamId: string, inboxId?: string): { readonly append: Append } => ({
  append: {
    streamId,
    expectedVersion: 0n,
    events: [],
    ...(inboxId === undefined ? {} : { guard: { kind: 'inbox' as const, eventId: inboxId } }),
  },
})

describe('a batch', () => {
  test('holds one append a stream, because two of them cannot see each other', () => {
    const [first, second, other] = [append('a'), append('a'), append('b')]
    expect(planBatch([first, second, other], 10)).toEqual({ batch: [first, other], rest: [second] })
  })

  test('holds one append a guard', () => {
    const [first, repeat] = [append('a', 'event-1'), append('b', 'event-1')]
    expect(planBatch([first, repeat], 10)).toEqual({ batch: [first], rest: [repeat] })
  })

  test('is never larger than its limit', () => {
    const queue = [append('a'), append('b'), append('c')]
    expect(planBatch(queue, 2)).toEqual({ batch: queue.slice(0, 2), rest: queue.slice(2) })
  })

  test('loses nothing and keeps the order of each stream', () => {
    const queued = fc.record({
      stream: fc.constantFrom('a', 'b', 'c'),
      guard: fc.constantFrom('1', '2', undefined),
    })
    fc.assert(
      fc.property(
        fc.array(queued, { maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        (wishes, limit) => {
          const queue = wishes.map(({ stream, guard }) => append(stream, guard))
          const written: (typeof queue)[number][] = []
          let left: typeof queue = queue
          while (left.length > 0) {
            const { batch, rest } = planBatch(left, limit)
            expect(batch.length).toBeGreaterThan(0)
            written.push(...batch)
            left = [...rest]
          }
          expect(new Set(written)).toEqual(new Set(queue))
          for (const stream of ['a', 'b', 'c']) {
            const ofStream = (all: typeof queue) =>
              all.filter((one) => one.append.streamId === stream)
            expect(ofStream(written)).toEqual(ofStream(queue))
          }
        },
      ),
    )
  })
})
