import { describe, expect, it } from 'vitest'
import { tablesNamedIn } from './query.ts'

describe('the tables of a query', () => {
  const tables = [
    { namespace: 'bronze', name: 'orders' },
    { namespace: 'bronze', name: 'orders_late' },
  ]

  it('are those that its text names in full', () => {
    expect(tablesNamedIn('select * from Bronze."orders" o', tables)).toEqual([tables[0]])
    expect(tablesNamedIn('select 1 from bronze.orders_late', tables)).toEqual([tables[1]])
    expect(tablesNamedIn('select orders from other.bronze.orders', tables)).toEqual([])
  })
})
