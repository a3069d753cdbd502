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
})

const confirmed = (orderId: string) =>
  eventually(async () => (await getOrder(ordersUrl, orderId)).body.status === 'confirmed', {
    timeoutMs: 90_000,
    what: `order ${orderId} to be confirmed`,
    intervalMs: 250,
  })

const readiness = async (url: string): Promise<number> => {
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(10_000) })
  await response.body?.cancel()
  return response.status
}

describe('while a part is away', () => {
  test('Postgres: orders answers 503, and the same key makes one order when it is back', async () => {
    await stack.kill('postgres')
    const key = randomUUID()
    const during = await postOrder(ordersUrl, orderBody(), key)
    expect(during.status).toBe(503)
    expect(during.headers.get('retry-after')).toBe('1')
    expect(await readiness(ordersUrl)).toBe(503)
    await stack.restart('postgres')
    const after = await eventually(
      async () => {
        const answer = await postOrder(ordersUrl, orderBody(), key)
        return answer.status === 201 ? answer : undefined
      },
      { timeoutMs: 60_000, what: 'orders to take orders again' },
    )
    await confirmed(String(after.body.orderId))
  }, 240_000)

  test('Kafka: orders are taken, and confirmed when it is back', async () => {
    await stack.kill('kafka')
    const during = await postOrder(ordersUrl, orderBody())
    expect(during.status).toBe(201)
    await stack.restart('kafka')
    await confirmed(String(during.body.orderId))
  }, 240_000)

  test('the registry: what is known goes on', async () => {
    await stack.kill('registry')
    const during = await postOrder(ordersUrl, orderBody())
    expect(during.status).toBe(201)
    await confirmed(String(during.body.orderId))
    await stack.restart('registry')
    const subjects = await fetch(`${stack.endpoints.registryUrl}/subjects`, {
      signal: AbortSignal.timeout(10_000),
    })
    expect(await subjects.json()).toContain('orders.order.v1-value')
  }, 240_000)

  test('the payment provider: orders wait, and each is paid once', async () => {
    await stack.kill('payment-provider')
    const during = await postOrder(ordersUrl, orderBody())
    expect(during.status).toBe(201)
    await stack.restart('payment-provider')
    await confirmed(String(during.body.orderId))
  }, 240_000)

  test('the catalogue: bronze waits, and has everything once when it is back', async () => {
    await stack.kill('catalog')
    const during = await postOrder(ordersUrl, orderBody())
    await confirmed(String(during.body.orderId))
    await stack.restart('catalog')
    figures = await Figures.open(stack.endpoints, stack.secrets)
    await eventually(
      async () => compareBronze(await figures.storedEvents(), await figures.bronze()).every(agrees),
      { timeoutMs: 90_000, what: 'bronze to equal Postgres', intervalMs: 500 },
    )
  }, 240_000)
})

afterAll(() => figures?.close())
