import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  endOffsets,
  isContiguous,
  type Offsets,
  planBatch,
  planRebase,
  readOffsets,
  startOffsets,
  writeOffsets,
} from './offsets.ts'

describe('the plan for a batch', () => {
  it('accepts the batch that continues the table', () => {
    const span = { start: 5n, end: 9n }
    expect(planBatch(5n, span)).toEqual({ kind: 'accept', span })
  })

  it('skips one that ends where the table ends', () => {
    expect(planBatch(5n, { start: 0n, end: 5n })).toEqual({ kind: 'skip' })
  })

  it.each([
    ['begins too late', { start: 6n, end: 9n }],
    ['begins too early and overlaps', { start: 3n, end: 9n }],
    ['lies far behind', { start: 0n, end: 2n }],
  ])('seeks when the batch %s', (_name, span) => {
    expect(planBatch(5n, span)).toEqual({ kind: 'seek', offset: 5n })
  })

  it('accepts each record once, in order, wherever fetches begin', () => {
    const fetch = fc.record({ from: fc.nat(60), length: fc.integer({ min: 1, max: 20 }) })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.array(fetch, { maxLength: 80 }),
        (end, jumps) => {
          const taken: number[] = []
          let position = 0
          for (const jump of [...jumps, ...steadyFetches(end)]) {
            // A jump is a rebalance or a reset; otherwise the consumer continues at its own position.
            if (jump.from !== undefined) position = Math.min(jump.from, end - 1)
            const last = Math.min(position + jump.length, end)
            if (position >= last) continue
            const plan = planBatch(BigInt(taken.length), {
              start: BigInt(position),
              end: BigInt(last),
            })
            if (plan.kind === 'accept') for (let at = position; at < last; at++) taken.push(at)
            position = plan.kind === 'seek' ? Number(plan.offset) : last
          }
          expect(taken).toEqual(Array.from({ length: end }, (_, offset) => offset))
        },
      ),
    )
  })
})

/** Enough fetches without a jump to reach the end from anywhere. */
function steadyFetches(end: number): readonly { from: undefined; length: number }[] {
  return Array.from({ length: end + 2 }, () => ({ from: undefined, length: 5 }))
}

describe('the offsets of a table', () => {
  const spans = { 'a-0': { start: 3n, end: 8n }, 'a-2': { start: 10n, end: 12n } }

  it('move by the spans and keep other partitions', () => {
    const table = { 'a-0': 3n, 'a-1': 4n }
    expect(startOffsets(table, spans)).toEqual({ 'a-0': 3n, 'a-1': 4n, 'a-2': 10n })
    expect(endOffsets(table, spans)).toEqual({ 'a-0': 8n, 'a-1': 4n, 'a-2': 12n })
  })

  it('refuse spans that begin elsewhere', () => {
    expect(isContiguous({ 'a-0': 3n }, spans)).toBe(true)
    expect(isContiguous({ 'a-0': 2n }, spans)).toBe(false)
    expect(isContiguous({ 'a-0': 8n }, spans)).toBe(false)
  })

  it('allow a rebase on other partitions, none on the same', () => {
    expect(planRebase({ 'a-0': 3n, 'a-1': 99n }, spans)).toBe('rebase')
    expect(planRebase({ 'a-0': 3n, 'a-2': 12n }, spans)).toBe('overtaken')
  })

  it('are read as they were written, also beyond 2^53, and equal offsets are equal text', () => {
    const offsets: Offsets = { 'b-1': 9_007_199_254_740_993n, 'a-0': 0n }
    expect(readOffsets(writeOffsets(offsets))).toEqual(offsets)
    expect(writeOffsets(offsets)).toBe('{"a-0":0,"b-1":9007199254740993}')
    expect(readOffsets(undefined)).toEqual({})
  })

  it('that are malformed are refused', () => {
    expect(() => readOffsets('{"a-0":"5"}')).toThrow(/malformed/)
  })

  /** Writers race on a table with a compare-and-set; each acts on what it last read. */
  it('include every offset once when writers race with stale bases', () => {
    const move = fc.record({
      writer: fc.nat(2),
      partition: fc.nat(2),
      length: fc.integer({ min: 1, max: 5 }),
      reload: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        let table: { version: number; offsets: Offsets } = { version: 0, offsets: {} }
        const seen = [table, table, table]
        const taken: string[] = []
        for (const { writer, partition, length, reload } of moves) {
          if (reload) seen[writer] = table
          let base = seen[writer] ?? table
          const key = `t-${partition}`
          const start = base.offsets[key] ?? 0n
          const span = { [key]: { start, end: start + BigInt(length) } }
          if (base.version !== table.version) {
            base = table
            seen[writer] = table
            if (planRebase(base.offsets, span) === 'overtaken') continue
          }
          table = { version: table.version + 1, offsets: endOffsets(base.offsets, span) }
          seen[writer] = table
          for (let offset = start; offset < start + BigInt(length); offset++) {
            taken.push(`${key}:${offset}`)
          }
        }
        expect(new Set(taken).size).toBe(taken.length)
        const total = Object.values(table.offsets).reduce((sum, offset) => sum + offset, 0n)
        expect(BigInt(taken.length)).toBe(total)
      }),
    )
  })
})
