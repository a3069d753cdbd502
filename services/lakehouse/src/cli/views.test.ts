import { expect, test } from 'vitest'
import { withViews } from './views.ts'

test('a view’s name stands for its query, and nothing else does', () => {
  expect(withViews('select * from silver.products_current')).toMatch(/FROM silver\.products\b/)
  for (const sql of [
    'select * from silver.products',
    'select * from gold.revenue_per_minute',
    'select * from silver.products_currently',
  ]) {
    expect(withViews(sql)).toBe(sql)
  }
})
