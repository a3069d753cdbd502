import { randomUUID } from 'node:crypto'
import { eventually } from '@tenseams/local/launcher/host/wait'

export type Shop = { readonly ordersUrl: string }

export type PlacedOrder = { readonly orderId: string; readonly placedAt: number }

const CURRENCIES = ['EUR', 'USD', 'GBP'] as const
const SKUS = ['lamp-01', 'desk-02', 'chair-03', 'mug-04'] as const
const CONCURRENT_REQUESTS = 8
const REQUEST_TIMEOUT_MS = 15_000
const RETRY_TIMEOUT_MS = 60_000

/** Registers customers with made-up names and returns their ids. */
export function registerCustomers(shop: Shop, count: number): Promise<readonly string[]> {
  return eachOf(count, async (index) => {
    const body = {
      name: `Customer ${index + 1}`,
      email: `customer-${index + 1}@example.com`,
      segment: index % 3 === 0 ? 'business' : 'consumer',
    }
    const answer = await post(`${shop.ordersUrl}/customers`, body, {})
    return (answer as { readonly customerId: string }).customerId
  })
}

/** Sends orders of all customers in all currencies, every tenth with a card that is declined. */
export function placeOrders(
  shop: Shop,
  customers: readonly string[],
  count: number,
  onPlaced: (done: number) => void,
): Promise<readonly PlacedOrder[]> {
  let done = 0
  return eachOf(count, async (index) => {
    const placed = await placeOrder(shop, customers, index)
    done += 1
    onPlaced(done)
    return placed
  })
}

/** Sends one order; `index` determines its content. */
export async function placeOrder(
  shop: Shop,
  customers: readonly string[],
  index: number,
): Promise<PlacedOrder> {
  const placedAt = Date.now()
  const answer = await post(
    `${shop.ordersUrl}/orders`,
    {
      customerId: at(customers, index),
      currency: at(CURRENCIES, index),
      paymentMethod: index % 10 === 9 ? 'card-declined' : 'card',
      lines: [{ sku: at(SKUS, index), quantity: 1 + (index % 3), priceMinor: 1_000 + index }],
    },
    { 'idempotency-key': randomUUID() },
  )
  const { orderId } = answer as { readonly orderId: string }
  return { orderId, placedAt }
}

/** Cancels an order in any state. @throws Error when its lifecycle has ended. */
export async function cancelOrder(shop: Shop, orderId: string): Promise<void> {
  const headers = { 'idempotency-key': randomUUID(), 'if-match': '*' }
  await post(`${shop.ordersUrl}/orders/${orderId}/cancellation`, { reason: 'mistake' }, headers)
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length]
  if (item === undefined) throw new RangeError('nothing to choose from')
  return item
}

/** Retries while the server does not answer or answers with 5xx, with the same idempotency key. */
async function post(
  url: string,
  body: object,
  headers: Readonly<Record<string, string>>,
): Promise<unknown> {
  const ask = async () => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    const text = await response.text()
    const answer = `POST ${url} answered ${response.status}: ${text}`
    if (response.status >= 500) throw new Error(answer)
    return { isAccepted: response.ok, text, answer }
  }
  const waiting = {
    timeoutMs: RETRY_TIMEOUT_MS,
    what: `POST ${url} to be accepted`,
    intervalMs: 250,
  }
  const { isAccepted, text, answer } = await eventually(ask, waiting)
  if (!isAccepted) throw new Error(answer)
  return JSON.parse(text)
}

/** Does `work` for 0 … count-1, a few concurrently, and returns the results in this order. */
async function eachOf<Made>(
  count: number,
  work: (index: number) => Promise<Made>,
): Promise<readonly Made[]> {
  const made = new Array<Made>(count)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next
      next += 1
      made[index] = await work(index)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENT_REQUESTS }, worker))
  return made
}
