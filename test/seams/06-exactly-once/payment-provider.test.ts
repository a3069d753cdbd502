import { authorizationIn } from '@tenseams/identities/authorization'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { adminPool, getOrder, orderBody, postOrder } from '../../support/shop.ts'
import { type TestStack, useStack } from '../../support/stack.ts'

let stack: TestStack
let ledger: pg.Pool

beforeAll(async () => {
  stack = await useStack()
  ledger = adminPool(stack, 'provider')
})

afterEach(() => setFaults([]))
afterAll(() => ledger.end())

async function setFaults(faults: readonly object[]): Promise<void> {
  const response = await fetch(`${stack.endpoints.paymentProviderUrl}/faults`, {
    method: 'PUT',
    headers: {
      'content-type': 'application/json',
      ...(await authorizationIn(stack.secrets.fileOf('admin'))),
    },
    body: JSON.stringify(faults),
    signal: AbortSignal.timeout(10_000),
  })
  expect(response.status).toBe(200)
}

const place = async (count: number): Promise<readonly string[]> => {
  const { ordersUrl } = stack.endpoints
  const placed = await Promise.all(
    Array.from({ length: count }, () => postOrder(ordersUrl, orderBody())),
  )
  return placed.map(({ body }) => String(body.orderId))
}

const toEndAs = (orderIds: readonly string[], status: string) =>
  Promise.all(
    orderIds.map((orderId) =>
      eventually(
        async () => (await getOrder(stack.endpoints.ordersUrl, orderId)).body.status === status,
        { timeoutMs: 60_000, what: `order ${orderId} to be ${status}`, intervalMs: 200 },
      ),
    ),
  )

/** How often the provider has captured each order's money, once it has captured all of them. */
const timesCaptured = (orderIds: readonly string[]): Promise<readonly number[]> =>
  eventually(
    async () => {
      const times = await capturesOf(orderIds)
      return times.length === orderIds.length ? times : undefined
    },
    { timeoutMs: 60_000, what: 'the money of all orders to be captured', intervalMs: 200 },
  )

const capturesOf = async (orderIds: readonly string[]): Promise<readonly number[]> => {
  const { rows } = await ledger.query<{ times: number }>(
    `select count(*)::int as times from operations join payments using (payment_id)
      where kind = 'captured' and reference = any($1) group by reference`,
    [orderIds],
  )
  return rows.map(({ times }) => times)
}

describe('money is captured once for each order', () => {
  test.each([
    ['is slow', [{ kind: 'slow', every: 1, delayMs: 300 }]],
    ['fails every other time', [{ kind: 'fail', every: 2 }]],
    ['moves the money and answers 500', [{ kind: 'lose-answer', every: 2 }]],
    ['moves the money and answers too late', [{ kind: 'late-answer', every: 4, delayMs: 3_000 }]],
  ])('when the provider %s', async (_, faults) => {
    await setFaults(faults)
    const orderIds = await place(8)
    await toEndAs(orderIds, 'completed')
    expect(await timesCaptured(orderIds)).toEqual(orderIds.map(() => 1))
  })

  test('when it fails for a while: the circuit opens, and every order is still handled', async () => {
    const failuresBefore = await failedRequests()
    await setFaults([{ kind: 'fail', every: 1 }])
    const orderIds = await place(8)
    await eventually(async () => (await failedRequests()) - failuresBefore > 8, {
      timeoutMs: 30_000,
      what: 'the circuit to have opened, and to have been tried again',
    })
    await setFaults([])
    await toEndAs(orderIds, 'completed')
    expect(await timesCaptured(orderIds)).toEqual(orderIds.map(() => 1))
  })

  test('and never when it declines', async () => {
    await setFaults([{ kind: 'decline', every: 1 }])
    const orderIds = await place(2)
    await toEndAs(orderIds, 'rejected')
  })
})

describe('exactly once ends at the provider’s promise', () => {
  test('one that ignores keys captures again when its answer was lost', async () => {
    await setFaults([
      { kind: 'ignore-keys', every: 1, operation: 'capture' },
      { kind: 'lose-answer', every: 2, operation: 'capture' },
    ])
    const orderIds = await place(4)
    await toEndAs(orderIds, 'completed')
    // Each order is captured once by now; the request whose answer was lost is retried a moment later.
    const isCapturedAgain = async () => Math.max(...(await timesCaptured(orderIds))) > 1
    await eventually(isCapturedAgain, { timeoutMs: 30_000, what: 'money to be captured again' })
  })
})

/** How often the provider has answered 500, according to its metrics. */
async function failedRequests(): Promise<number> {
  const response = await fetch(`${stack.endpoints.paymentProviderUrl}/metrics`, {
    headers: await authorizationIn(stack.secrets.fileOf('reader')),
    signal: AbortSignal.timeout(10_000),
  })
  const lines = (await response.text()).split('\n')
  const failed = lines.filter(
    (line) =>
      line.startsWith('tenseams_http_request_duration_seconds_count') &&
      line.includes('status="500"'),
  )
  return failed.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
