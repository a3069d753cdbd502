import { expect, test } from 'vitest'
import { unusedTableRights } from './unused.ts'

const heartbeat = 'shop: cdc.heartbeat'

test('a right is told when nobody did it to the table at all', () => {
  const counters = { select: 4, insert: 1, update: 0, delete: 0 }
  // Nobody may delete there, so nothing is said of it.
  expect(unusedTableRights({ tables: { [heartbeat]: counters } })).toEqual([
    'debezium may update cdc.heartbeat in shop',
  ])
  expect(unusedTableRights({ tables: { [heartbeat]: { ...counters, update: 1 } } })).toEqual([])
})

test('a right of several roles is told of each of them', () => {
  const tables = { 'provider: public.payments': { select: 0, insert: 3, update: 0, delete: 0 } }
  expect(unusedTableRights({ tables })).toEqual([
    'provider_service may select public.payments in provider',
    'auditor may select public.payments in provider',
  ])
})

test('nothing is told of a table that Postgres does not count', () => {
  expect(unusedTableRights({ tables: {} })).toEqual([])
})
