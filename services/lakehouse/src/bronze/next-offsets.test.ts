import { describe, expect, it } from 'vitest'
import { Positions } from './next-offsets.ts'

describe('the position of a partition', () => {
  it('follows accepted batches', () => {
    const positions = new Positions(new Map([[0, 5n]]))
    expect(positions.plan(0, { start: 5n, end: 8n })).toMatchObject({ kind: 'accept' })
    positions.advance(0, 8n)
    expect(positions.plan(0, { start: 8n, end: 9n })).toMatchObject({ kind: 'accept' })
  })

  it('passes aborted and control records that nobody hands out, and records them as passed', () => {
    const positions = new Positions(new Map([[0, 5n]]))
    positions.passEmpty(0, 5n, 9n)
    positions.passEmpty(0, 10n, 11n)
    expect(positions.plan(0, { start: 12n, end: 15n })).toEqual({
      kind: 'accept',
      span: { start: 5n, end: 15n },
    })
  })

  it('does not pass a stretch that does not join it', () => {
    const positions = new Positions(new Map([[0, 5n]]))
    positions.passEmpty(0, 7n, 9n)
    expect(positions.plan(0, { start: 10n, end: 15n })).toEqual({ kind: 'seek', offset: 5n })
  })

  it('counts seeks that brought nothing, until a batch is accepted', () => {
    const positions = new Positions(new Map([[0, 5n]]))
    positions.plan(0, { start: 0n, end: 2n })
    positions.plan(0, { start: 9n, end: 12n })
    expect(positions.fruitlessSeeks(0)).toBe(2)
    positions.advance(0, 6n)
    expect(positions.fruitlessSeeks(0)).toBe(0)
  })

  it('of an unknown partition is no plan', () => {
    const positions = new Positions(new Map([[0, 5n]]))
    expect(positions.plan(1, { start: 0n, end: 2n })).toBeUndefined()
  })
})
