import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { agrees, compareBronze } from '@tenseams/demonstration/agreement'
import { Figures } from '@tenseams/demonstration/figures'
import { authorizationIn } from '@tenseams/identities/authorization'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rounds } from '../support/rounds.ts'
import { adminPool, getOrder, orderBody, postOrder } from '../support/shop.ts'
import { type TestStack, useStack } from '../support/stack.ts'

const PROVIDER_AWAY_SECONDS = rounds({ full: 60, usual: 15 })

let stack: TestStack
let ordersUrl: string
let figures: Figures
let provider: pg.Pool

beforeAll(async () => {
  stack = await useStack()
  ordersUrl = stack.endpoints.ordersUrl
  figures = await Figures.open(stack.endpoints, stack.secrets)
  provider = adminPool(stack, 'provider')
})

afterAll(() => Promise.all([figures.close(), provider.end()]))

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

/** Kills a component, does `work` while it is down, and starts it again, also when the work fails. */
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

/** How often the provider has taken the money of each order, if it has. */
async function captures(orders: readonly string[]): Promise<readonly number[]> {
  const { rows } = await provider.query<{ times: string }>(
    `select count(*) as times from operations join payments using (payment_id)
      where reference = any($1) and kind = 'captured' group by reference`,
    [orders],
  )
  return rows.map(({ times }) => Number(times))
}

describe('while a component is down', () => {
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

  test(`the payment provider, for ${PROVIDER_AWAY_SECONDS} s: orders wait, and are paid once when it is back`, async () => {
    const orders: string[] = []
    await without('payment-provider', async () => {
      const back = performance.now() + PROVIDER_AWAY_SECONDS * 1_000
      orders.push(await placed())
      const payments = `http://127.0.0.1:${stack.context.ports.payments}/health/detail`
      const isNamed = async () => {
        const response = await fetch(payments, {
          headers: await authorizationIn(stack.secrets.fileOf('reader')),
          signal: AbortSignal.timeout(10_000),
        })
        return response.status === 503 && (await response.text()).includes('payment provider')
      }
      await eventually(isNamed, { timeoutMs: 30_000, what: 'payments to name its dependency' })
      while (performance.now() < back) {
        orders.push(await placed())
        // A quiet shop: the outage is the test, not the load.
        await delay(2_000)
      }
    })
    for (const orderId of orders) await completed(orderId)
    await eventually(async () => (await captures(orders)).length === orders.length, {
      timeoutMs: 60_000,
      what: 'each order to be captured',
    })
    expect(await captures(orders)).toEqual(orders.map(() => 1))
  }, 300_000)

  test('the catalogue: bronze waits, and has everything once when it is back', async () => {
    await without('catalog', async () => completed(await placed()))
    await eventually(
      async () => compareBronze(await figures.dueEvents(), await figures.bronze()).every(agrees),
      { timeoutMs: 90_000, what: 'bronze to equal Postgres', intervalMs: 500 },
    )
  }, 240_000)
})
