import { beforeAll, expect, test } from 'vitest'
import { differing } from '../../support/rights/differing.ts'
import { adminPool } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'
import { postgresProbe, undeclaredTables } from './postgres-probe.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await useStack()
})

/** What Postgres answers otherwise than the declarations. */
async function differences(): Promise<readonly string[]> {
  const probe = postgresProbe(stack)
  try {
    return await differing(
      probe.cells,
      probe.ask,
      ({ role, operation, target }) => `${role}, ${operation}, ${target}`,
    )
  } finally {
    await probe.close()
  }
}

test('each role may do what is declared with each table, and nothing else', async () => {
  expect(postgresProbe(stack).cells.length).toBeGreaterThan(500)
  expect(await differences()).toEqual([])
})

test('no table of ours is without a declaration', async () => {
  expect(await undeclaredTables(stack)).toEqual([])
})

test('a right too many and one too few are found', async () => {
  const admin = adminPool(stack)
  try {
    await admin.query('grant delete on orders.order_list to pulse_service')
    await admin.query('revoke select on catalogue.prices from orders_service')
    expect(await differences()).toEqual([
      expect.stringMatching(/^orders_service, select, .*prices.*: denied$/),
      expect.stringMatching(/^pulse_service, delete, .*order_list.*: allowed$/),
    ])
  } finally {
    await admin.query('revoke delete on orders.order_list from pulse_service')
    await admin.query('grant select on catalogue.prices to orders_service')
    await admin.end()
  }
})
