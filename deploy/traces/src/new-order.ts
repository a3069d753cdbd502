import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { VerbError } from '@tenseams/cli/errors'
import { authorizationIn } from '@tenseams/identities/authorization'
import { lostCauses, missingHops } from './hops.ts'
import { type StoredSpan, TraceStore } from './store.ts'

const REQUEST_TIMEOUT_MS = 10_000
const LOOK_EVERY_MS = 500

/** Where an order is placed, and its trace read. */
export type Shop = {
  readonly ordersUrl: string
  readonly zipkinUrl: string
  /** The file of one of our identities: the trace of whoever shows a token is recorded, whatever else begins in that second. */
  readonly credentialsFile: string
}

export type OrderTrace = {
  readonly traceId: string
  readonly spans: readonly StoredSpan[]
  /** What it has not, and should have; empty for a whole trace. */
  readonly lacks: readonly string[]
}

/**
 * Places an order and waits until nothing of its trace is missing: at the longest `timeoutMs`, then it is returned as it is.
 *
 * @throws VerbError when no order can be placed, or Zipkin does not answer.
 */
export async function traceOfNewOrder(shop: Shop, timeoutMs: number): Promise<OrderTrace> {
  const traceId = randomBytes(16).toString('hex')
  await placeOrder(shop, traceId)
  const store = new TraceStore(shop.zipkinUrl)
  const until = Date.now() + timeoutMs
  for (;;) {
    const spans = await store.ofTrace(traceId)
    const lacks = [...missingHops(spans), ...lostCauses(spans)]
    if (lacks.length === 0 || Date.now() > until) return { traceId, spans, lacks }
    await delay(LOOK_EVERY_MS)
  }
}

async function placeOrder({ ordersUrl, credentialsFile }: Shop, traceId: string): Promise<void> {
  const product = await ask(`${ordersUrl}/products/mug-04`, {})
  const [price] = (product as { prices: { currency: string; priceMinor: number }[] }).prices
  if (price === undefined) throw new VerbError('mug-04 has no price')
  const { currency, priceMinor } = price
  await ask(`${ordersUrl}/orders`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
      traceparent: `00-${traceId}-${traceId.slice(0, 16)}-01`,
      ...(await authorizationIn(credentialsFile)),
    },
    body: JSON.stringify({
      ...{ customerId: randomUUID(), currency, paymentMethod: 'card' },
      lines: [{ sku: 'mug-04', quantity: 1, priceMinor }],
    }),
  })
}

async function ask(url: string, request: RequestInit): Promise<unknown> {
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS)
  const answer = await fetch(url, { ...request, signal }).catch((cause: unknown) => {
    throw new VerbError(`${url} does not answer; see \`npm run stack -- status\``, { cause })
  })
  if (!answer.ok) throw new VerbError(`${url} answers ${answer.status}: ${await answer.text()}`)
  return answer.json()
}
