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
    const headers = { 'idempotency-key': randomUUID() }
    const answer = await post(`${shop.ordersUrl}/customers`, body, headers)
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

/** Sends one order at the price that the shop shows; `index` determines its content. */
export async function placeOrder(
  shop: Shop,
  customers: readonly string[],
  index: number,
): Promise<PlacedOrder> {
  const [sku, currency] = [at(SKUS, index), at(CURRENCIES, index)]
  const priceMinor = await readPrice(shop, sku, currency)
  const placedAt = Date.now()
  const answer = await post(
    `${shop.ordersUrl}/orders`,
    {
      customerId: at(customers, index),
      currency,
      paymentMethod: index % 10 === 9 ? 'card-declined' : 'card',
      lines: [{ sku, quantity: 1 + (index % 3), priceMinor }],
    },
    { 'idempotency-key': randomUUID() },
  )
  const { orderId } = answer as { readonly orderId: string }
  return { orderId, placedAt }
}

type Product = {
  readonly prices: readonly { readonly currency: string; readonly priceMinor: number }[]
}

/** The price that the shop shows now. @throws Error when the product is not sold in the currency. */
async function readPrice(shop: Shop, sku: string, currency: string): Promise<number> {
  const product = (await ask(`${shop.ordersUrl}/products/${sku}`, { method: 'GET' })) as Product
  const price = product.prices.find((one) => one.currency === currency)
  if (price === undefined) throw new Error(`${sku} is not sold in ${currency}`)
  return price.priceMinor
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

function post(
  url: string,
  body: object,
  headers: Readonly<Record<string, string>>,
): Promise<unknown> {
  return ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** Retries while the server does not answer or answers with 5xx: the same request, with the same idempotency key. */
async function ask(url: string, request: RequestInit): Promise<unknown> {
  const asked = `${request.method} ${url}`
  const once = async () => {
    const response = await fetch(url, {
      ...request,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    const text = await response.text()
    const answer = `${asked} answered ${response.status}: ${text}`
    if (response.status >= 500) throw new Error(answer)
    return { isAccepted: response.ok, text, answer }
  }
  const waiting = { timeoutMs: RETRY_TIMEOUT_MS, what: `${asked} to be accepted`, intervalMs: 250 }
  const { isAccepted, text, answer } = await eventually(once, waiting)
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
