import { randomUUID } from 'node:crypto'
import { agrees, compareBronze } from '@tenseams/local/demonstration/agreement'
import { Figures } from '@tenseams/local/demonstration/figures'
import { eventually } from '@tenseams/local/wait'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getOrder, orderBody, postOrder } from '../shop.ts'
import { type TestStack, useStack } from '../stack.ts'

let stack: TestStack
let ordersUrl: string
let figures: Figures

beforeAll(async () => {
  stack = await useStack()
  ordersUrl = stack.endpoints.ordersUrl
  figures = await Figures.open(stack.endpoints, stack.secrets)
})

afterAll(() => figures.close())

const completed = (orderId: string) =>
  eventually(async () => (await getOrder(ordersUrl, orderId)).body.status === 'completed', {
    timeoutMs: 90_000,
    what: `order ${orderId} to be completed`,
    intervalMs: 250,
  })

const readiness = async (url: string): Promise<number> => {
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(10_000) })
  await response.body?.cancel()
  return response.status
}

/** Kills a component, does `work` while it is away, and brings it back, whatever comes of the work. */
async function without<Made>(component: string, work: () => Promise<Made>): Promise<Made> {
  await stack.kill(component)
  try {
    return await work()
  } finally {
    await stack.restart(component)
  }
}

const placed = async (): Promise<string> => {
  const answer = await postOrder(ordersUrl, orderBody())
  expect(answer.status).toBe(201)
  return String(answer.body.orderId)
}

describe('while a part is away', () => {
  test('Postgres: orders answers 503, and the same key makes one order when it is back', async () => {
    const key = randomUUID()
    await without('postgres', async () => {
      const during = await postOrder(ordersUrl, orderBody(), key)
      expect(during.status).toBe(503)
      expect(during.headers.get('retry-after')).toBe('1')
      expect(await readiness(ordersUrl)).toBe(503)
    })
    const after = await eventually(
      async () => {
        const answer = await postOrder(ordersUrl, orderBody(), key)
        return answer.status === 201 ? answer : undefined
      },
      { timeoutMs: 60_000, what: 'orders to take orders again' },
    )
    await completed(String(after.body.orderId))
  }, 240_000)

  test('Kafka: orders are taken, and completed when it is back', async () => {
    await completed(await without('kafka', placed))
  }, 240_000)

  test('the registry: what is known goes on, and its subjects are still there', async () => {
    await without('registry', async () => completed(await placed()))
    const subjects = await fetch(`${stack.endpoints.registryUrl}/subjects`, {
      signal: AbortSignal.timeout(10_000),
    })
    expect(await subjects.json()).toContain('orders.order.v1-value')
  }, 240_000)

  test('the payment provider: orders wait, and are completed when it is back', async () => {
    await completed(await without('payment-provider', placed))
  }, 240_000)

  test('the catalogue: bronze waits, and has everything once when it is back', async () => {
    await without('catalog', async () => completed(await placed()))
    await eventually(
      async () => compareBronze(await figures.dueEvents(), await figures.bronze()).every(agrees),
      { timeoutMs: 90_000, what: 'bronze to equal Postgres', intervalMs: 500 },
    )
  }, 240_000)
})
