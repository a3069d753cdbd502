import { agrees, compareBronze, compareGold } from '@tenseams/demonstration/agreement'
import { areSettled, Figures } from '@tenseams/demonstration/figures'
import { compareJobs } from '@tenseams/demonstration/jobs-agreement'
import { placeOrders, registerCustomers } from '@tenseams/demonstration/shop'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestStack, useStack } from '../support/stack.ts'

let stack: TestStack
let figures: Figures

beforeAll(async () => {
  stack = await useStack()
  figures = await Figures.open(stack.endpoints, stack.secrets)
})

afterAll(() => figures.close())

const ORDERS = 300

describe('the whole way of an order', () => {
  test('loses and duplicates nothing when lakehouse, payments, fulfilment, Connect and Flink are killed in the middle', async () => {
    const stateFolder = stack.context.paths.flinkState
    const customers = await registerCustomers(stack.endpoints, 6)
    const killed: Promise<void>[] = []
    const victims = new Map([
      [60, ['lakehouse']],
      [100, ['flink-jobmanager', 'flink-taskmanager']],
      [120, ['payments']],
      [150, ['fulfilment']],
      [180, ['connect']],
    ])
    const placed = await placeOrders(stack.endpoints, customers, ORDERS, (done) => {
      const victim = victims.get(done)
      if (victim !== undefined) killed.push(killAndRestart(...victim))
    })
    expect(new Set(placed.map(({ orderId }) => orderId)).size).toBe(ORDERS)
    await Promise.all(killed)
    expect(killed).toHaveLength(5)

    await eventually(
      async () => {
        const states = await figures.orderStates()
        if (!areSettled(states)) throw new Error(JSON.stringify(states))
        return true
      },
      { timeoutMs: 180_000, what: 'every order to be completed, rejected or cancelled' },
    )
    await eventually(
      async () => {
        const gold = await figures.gold()
        const comparisons = [
          ...compareBronze(await figures.dueEvents(), await figures.bronze()),
          ...compareGold(await figures.captured(), gold.windows, gold.late),
          ...(await compareJobs((sql) => figures.lake(sql), { stateFolder })),
        ]
        const differing = comparisons.filter((one) => !agrees(one))
        expect(differing).toEqual([])
        return true
      },
      { timeoutMs: 180_000, what: 'bronze and gold to equal Postgres', intervalMs: 500 },
    )
  }, 480_000)
})

async function killAndRestart(...names: readonly string[]): Promise<void> {
  for (const name of names) await stack.kill(name)
  await stack.restart(...names)
}
