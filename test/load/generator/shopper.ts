import { HeadByRate } from '@tenseams/telemetry/tracing/head'
import { randomOf } from '../../proofs/eos/schedule.ts'
import type { HttpAnswer, HttpRequest } from './http.ts'
import { type Mix, type Wish, wishAt } from './mix.ts'
import type { Due } from './open-loop.ts'
import { traceparentOf } from './trace.ts'

/** What is sent: a wish of the mix, or an order once more with the key that it had. */
export type Kind = Wish | 'repeats'

export const everyKind: readonly Kind[] = [
  'orders',
  'declined',
  'repeats',
  'cancellations',
  'reads',
]

export type ShopRequest = HttpRequest & { readonly kind: Kind }

/** A product at the price that the shop shows. */
export type Offered = {
  readonly sku: string
  readonly currency: string
  readonly priceMinor: number
}

export type ShopperOptions = {
  /** Distinguishes the keys and traces of this run from those of every other. */
  readonly run: number
  readonly seed: number
  readonly mix: Mix
  /** The share of orders, from 0 to 1, that are an earlier order once more. */
  readonly repeatedShare: number
  readonly products: readonly Offered[]
}

type Accepted = { readonly orderId: string; readonly request: ShopRequest; isCancelled: boolean }

const CUSTOMERS = 1_000
/** Reads, cancellations and repeats are of one of the newest: as customers do, and within a bound. */
const NEWEST = 500

/** As many traces of a second are recorded as a service records of customers without a token. */
const TRACES_PER_SECOND = 2

/** Decides what the customers of a load ask for, and remembers what they were answered. */
export class Shopper {
  readonly #options: ShopperOptions
  readonly #random: () => number
  readonly #accepted: Accepted[] = []
  readonly #head = new HeadByRate(TRACES_PER_SECOND, () => this.#dueMs)
  #dueMs = 0

  constructor(options: ShopperOptions) {
    this.#options = options
    this.#random = randomOf(options.seed)
  }

  /** The next request. While there is no order yet to read, cancel or repeat, it is an order. */
  next(due: Due): ShopRequest {
    const wish = wishAt(this.#options.mix, this.#random())
    if (wish === 'reads') return this.#read() ?? this.#order('orders', due)
    if (wish === 'cancellations') return this.#cancellation() ?? this.#order('orders', due)
    if (wish === 'declined') return this.#order('declined', due)
    const isRepeated = this.#random() < this.#options.repeatedShare
    return (isRepeated ? this.#repeat() : undefined) ?? this.#order('orders', due)
  }

  /** Whether the answer is what the shop owes to this request; why not, in a word, otherwise. */
  judge(request: ShopRequest, { status, headers }: HttpAnswer): 'ok' | string {
    if (!expected[request.kind].includes(status)) return `status ${status}`
    if (request.kind === 'repeats' && headers['idempotent-replayed'] !== 'true') {
      return 'not replayed'
    }
    if (request.kind === 'orders' || request.kind === 'declined') {
      const orderId = headers.location?.split('/').at(-1) ?? ''
      this.#accepted.push({ orderId, request, isCancelled: false })
      if (this.#accepted.length > NEWEST) this.#accepted.shift()
    }
    return 'ok'
  }

  #order(kind: 'orders' | 'declined', { sequence, dueMs }: Due): ShopRequest {
    const { run, products } = this.#options
    this.#dueMs = dueMs
    const { sku, currency, priceMinor } = pick(products, this.#random())
    const customer = Math.floor(this.#random() * CUSTOMERS)
    const body = {
      customerId: `0198c0de-0000-7000-8000-${customer.toString(16).padStart(12, '0')}`,
      currency,
      paymentMethod: kind === 'declined' ? 'card-declined' : 'card',
      lines: [{ sku, quantity: 1 + Math.floor(this.#random() * 3), priceMinor }],
    }
    const headers = {
      'idempotency-key': `load-${run.toString(16)}-${sequence}`,
      traceparent: traceparentOf({ run, sequence, dueMs }, this.#head.isSampled()),
    }
    return { kind, ...post('/orders', headers, body) }
  }

  #read(): ShopRequest | undefined {
    const order = this.#anyAccepted()
    return order && { kind: 'reads', method: 'GET', path: `/orders/${order.orderId}`, headers: {} }
  }

  #repeat(): ShopRequest | undefined {
    const order = this.#anyAccepted()
    return order && { ...order.request, kind: 'repeats' }
  }

  /** Of the newest order, which is most likely still to be paid or shipped; in the trace of that order. */
  #cancellation(): ShopRequest | undefined {
    const order = this.#accepted.findLast(({ isCancelled }) => !isCancelled)
    if (order === undefined) return undefined
    order.isCancelled = true
    const { 'idempotency-key': key, traceparent = '' } = order.request.headers
    const headers = { 'idempotency-key': `${key}-cancelled`, 'if-match': '*', traceparent }
    const path = `/orders/${order.orderId}/cancellation`
    return { kind: 'cancellations', ...post(path, headers, { reason: 'mistake' }) }
  }

  #anyAccepted(): Accepted | undefined {
    return this.#accepted[Math.floor(this.#random() * this.#accepted.length)]
  }
}

/** An order that is completed before its cancellation comes cannot be cancelled: 409 is an answer, too. */
const expected: Readonly<Record<Kind, readonly number[]>> = {
  orders: [201],
  declined: [201],
  repeats: [201],
  cancellations: [200, 409],
  reads: [200],
}

function post(path: string, headers: Readonly<Record<string, string>>, body: object) {
  const text = JSON.stringify(body)
  return {
    method: 'POST' as const,
    path,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      ...headers,
    },
    body: text,
  }
}

function pick<Item>(items: readonly Item[], place: number): Item {
  const item = items[Math.floor(place * items.length)]
  if (item === undefined) throw new RangeError('nothing to choose from')
  return item
}
