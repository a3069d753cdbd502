import { describe, expect, it } from 'vitest'
import { ByteBudget } from './byte-budget.ts'

describe('the bytes of all tables', () => {
  it('gives one table its share and the whole pool', () => {
    const budget = new ByteBudget(100, 2)
    expect(budget.roomFor('a')).toBe(75)
    budget.take('a', 75)
    expect(budget.roomFor('a')).toBe(0)
  })

  it('keeps a share for a table while another holds all that it may', () => {
    const budget = new ByteBudget(100, 2)
    budget.take('a', budget.roomFor('a'))
    expect(budget.roomFor('b')).toBe(25)
    budget.take('b', 25)
    expect([budget.held, budget.roomFor('a'), budget.roomFor('b')]).toEqual([100, 0, 0])
  })

  it('wakes each waiting table once when bytes are released', () => {
    const budget = new ByteBudget(100, 2)
    const woken: string[] = []
    budget.take('a', 75)
    budget.whenRoom('a', () => woken.push('a'))
    budget.whenRoom('b', () => woken.push('b'))
    budget.whenRoom('a', () => woken.push('a'))
    budget.release('a', 50)
    budget.release('a', 25)
    expect(woken).toEqual(['a', 'b'])
    expect(budget.held).toBe(0)
  })
})
