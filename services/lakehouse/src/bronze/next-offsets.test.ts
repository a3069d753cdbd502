import { describe, expect, it } from 'vitest'
import { NextOffsets } from './next-offsets.ts'

describe('the next offset of a partition', () => {
  it('follows accepted batches', () => {
    const nextOffsets = new NextOffsets(new Map([[0, 5n]]))
    expect(nextOffsets.plan(0, { start: 5n, end: 8n })).toMatchObject({ kind: 'accept' })
    nextOffsets.advance(0, 8n)
    expect(nextOffsets.plan(0, { start: 8n, end: 9n })).toMatchObject({ kind: 'accept' })
  })

  it('passes aborted and control records that kafkajs does not deliver, and counts them as passed', () => {
    const nextOffsets = new NextOffsets(new Map([[0, 5n]]))
    nextOffsets.passEmpty(0, 5n, 9n)
    nextOffsets.passEmpty(0, 10n, 11n)
    expect(nextOffsets.plan(0, { start: 12n, end: 15n })).toEqual({
      kind: 'accept',
      span: { start: 5n, end: 15n },
    })
  })

  it('does not pass a range that does not adjoin it', () => {
    const nextOffsets = new NextOffsets(new Map([[0, 5n]]))
    nextOffsets.passEmpty(0, 7n, 9n)
    expect(nextOffsets.plan(0, { start: 10n, end: 15n })).toEqual({ kind: 'seek', offset: 5n })
  })

  it('counts seeks that brought the wrong batch, until one is accepted', () => {
    const nextOffsets = new NextOffsets(new Map([[0, 5n]]))
    nextOffsets.plan(0, { start: 0n, end: 2n })
    nextOffsets.plan(0, { start: 9n, end: 12n })
    expect(nextOffsets.fruitlessSeeks(0)).toBe(2)
    nextOffsets.advance(0, 6n)
    expect(nextOffsets.fruitlessSeeks(0)).toBe(0)
  })

  it('has no plan for an unknown partition', () => {
    const nextOffsets = new NextOffsets(new Map([[0, 5n]]))
    expect(nextOffsets.plan(1, { start: 0n, end: 2n })).toBeUndefined()
  })
})
