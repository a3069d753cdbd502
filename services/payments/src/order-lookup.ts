import type { Authorization } from '@tenseams/identities/authorization'
import type { OwnToken } from '@tenseams/service/access/own-token'
import { inCallStep } from '@tenseams/telemetry/tracing/call'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { OwedOrder } from './domain/reconciliation.ts'

/** Orders gave no usable answer in time. Retry. */
export class OrdersUnavailableError extends Error {
  readonly code = 'ORDERS_UNAVAILABLE'
  readonly retriable = true
}

/** What an order costs; undefined when there is no such order. */
export type FindOrder = (orderId: string) => Promise<OwedOrder | undefined>

const TIMEOUT_MS = 5_000
const UNKNOWN = 'urn:ten-seams:problem:order-unknown'

const Order = Type.Object({
  orderId: Type.String(),
  totalMinor: Type.Integer({ maximum: Number.MAX_SAFE_INTEGER }),
  currency: Type.String(),
})
const Refusal = Type.Object({ type: Type.String() })

/**
 * Asks the orders service, whose answer is never stale. An order is unknown only when that service says so: anything else,
 * a 404 of a proxy for instance, is an outage, because money is returned when an order is unknown.
 *
 * @returns a function that throws OrdersUnavailableError.
 */
export function findOrderAt(ordersUrl: string, authorization: OwnToken): FindOrder {
  return async (orderId) => {
    const { status, body } = await ask(
      `${ordersUrl}/orders/${encodeURIComponent(orderId)}`,
      await authorization(),
    )
    if (status === 404 && Value.Check(Refusal, body) && body.type === UNKNOWN) return undefined
    if (status !== 200 || !Value.Check(Order, body)) {
      throw new OrdersUnavailableError(`orders answers ${status} about order ${orderId}`)
    }
    const { totalMinor, currency } = body
    // Another spelling of an order's id is not a reference that we have made.
    return body.orderId === orderId ? { amountMinor: BigInt(totalMinor), currency } : undefined
  }
}

async function ask(
  url: string,
  known: Authorization,
): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    return await inCallStep({ method: 'GET', url }, async (traced) => {
      const headers = { ...known, ...traced }
      const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) })
      return { status: response.status, body: await response.json() }
    })
  } catch (error) {
    throw new OrdersUnavailableError('orders does not answer', { cause: error })
  }
}
