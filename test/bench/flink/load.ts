import type { Codec } from '@tenseams/codec/codec'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'
import type { Producer } from 'kafkajs'
import { randomOf } from '../../proofs/eos/schedule.ts'

export const ordersTopic = 'orders.order.v1'
export const paymentsTopic = 'payments.payment.v1'
/** Longer than this without an order, and a customer's session is over. */
export const gapMs = 60_000

const PARTITIONS = 4
const CUSTOMERS = 5_000
const ORDERS_A_SECOND = 100
const BATCH = 2_000
const DAY_MS = 86_400_000
const beginning = Date.UTC(2026, 0, 1)
const currencies = ['EUR', 'USD', 'GBP'] as const

/** What a job must tell of a load: so many rows, and so much counted in them. */
export type Due = { readonly rows: number; readonly counted: number }

/** By the job. */
export type Load = {
  readonly orders: number
  readonly due: Readonly<Record<'tumbling' | 'hopping' | 'session', Due>>
}

/**
 * Writes orders, each authorised and captured within half a second of event time, and a tick in every partition a day later,
 * which closes all windows. Event time advances by a second every hundred orders. The same number gives the same load.
 */
export async function writeLoad(producer: Producer, codec: Codec, orders: number): Promise<Load> {
  const order = await codec.encoder<OrderEvent>(ordersTopic)
  const payment = await codec.encoder<PaymentEvent>(paymentsTopic)
  const counting = new Counting()
  const random = randomOf(1)
  for (let begin = 0; begin < orders; begin += BATCH) {
    const placed = Array.from({ length: Math.min(BATCH, orders - begin) }, (_, index) => {
      const customer = Math.floor(random() * CUSTOMERS)
      return counting.placed(orderOf(begin + index, customer))
    })
    await send(producer, ordersTopic, placed.map(placedEvent), order.encode)
    await send(producer, paymentsTopic, placed.flatMap(paymentEvents), payment.encode)
  }
  const end = beginning + (orders / ORDERS_A_SECOND) * 1_000 + DAY_MS
  await send(producer, ordersTopic, everywhere({ ...noOrder, ...tickAt(end) }), order.encode)
  await send(producer, paymentsTopic, everywhere({ ...noPayment, ...tickAt(end) }), payment.encode)
  return { orders, due: counting.due }
}

type Order = {
  readonly id: string
  readonly partition: number
  readonly customer: string
  readonly currency: string
  readonly atMs: number
}

type Placed<Event> = { readonly partition: number; readonly event: Event }

function orderOf(index: number, customer: number): Order {
  return {
    id: `order-${index}`,
    partition: index % PARTITIONS,
    customer: `customer-${customer}`,
    currency: currencies[customer % currencies.length] ?? 'EUR',
    atMs: beginning + Math.floor((index * 1_000) / ORDERS_A_SECOND),
  }
}

/** Computes the expected result while orders are written. */
class Counting {
  readonly #minutes = new Set<string>()
  readonly #slides = new Set<number>()
  readonly #newest = new Map<string, number>()
  #orders = 0
  #sessions = 0

  placed(order: Order): Order {
    const { atMs, currency, customer } = order
    this.#orders += 1
    this.#minutes.add(`${Math.floor((atMs + 400) / 60_000)} ${currency}`)
    const minute = Math.floor((atMs + 200) / 60_000)
    for (let back = 0; back < 5; back++) this.#slides.add(minute - back)
    const last = this.#newest.get(customer)
    if (last === undefined || atMs - last > gapMs) this.#sessions += 1
    this.#newest.set(customer, atMs)
    return order
  }

  get due(): Load['due'] {
    return {
      tumbling: { rows: this.#minutes.size, counted: this.#orders },
      hopping: { rows: this.#slides.size, counted: 5 * this.#orders },
      session: { rows: this.#sessions, counted: this.#orders },
    }
  }
}

const noOrder: OrderEvent = {
  ...{ eventId: '', streamId: '', version: 1n, type: 'tick', occurredAt: 0, traceparent: null },
  ...{ placed: null, confirmed: null, rejected: null },
  ...{ cancelled: null, completed: null, refunded: null },
}

const noPayment: PaymentEvent = {
  ...{ eventId: '', streamId: '', version: 1n, type: 'tick', occurredAt: 0, traceparent: null },
  ...{ authorised: null, captured: null, declined: null },
  ...{ voided: null, refunded: null, returned: null },
}

const tickAt = (atMs: number) => ({
  ...{ eventId: `tick-${atMs}`, streamId: `tick-${atMs}`, occurredAt: atMs },
})

const everywhere = <Event>(event: Event): readonly Placed<Event>[] =>
  Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, event }))

function placedEvent({ id, partition, customer, currency, atMs }: Order): Placed<OrderEvent> {
  const lines = [{ sku: 'lamp-01', quantity: 1, priceMinor: 1_000n }]
  const placed = {
    ...{ customerId: customer, currency, totalMinor: 1_000n, paymentMethod: 'card', lines },
  }
  const envelope = { eventId: `${id}-placed`, streamId: id, type: 'OrderPlaced', occurredAt: atMs }
  return { partition, event: { ...noOrder, ...envelope, placed } }
}

function paymentEvents(order: Order): readonly Placed<PaymentEvent>[] {
  return [
    { partition: order.partition, event: authorisedAt(order, order.atMs + 200) },
    { partition: order.partition, event: capturedAt(order, order.atMs + 400) },
  ]
}

const moneyOf = ({ id, currency }: Pick<Order, 'id' | 'currency'>) => ({
  ...{ paymentId: id, method: 'card', amountMinor: 1_000n, currency },
})

function authorisedAt(order: Order, occurredAt: number): PaymentEvent {
  const { id } = order
  const envelope = { eventId: `${id}-1`, streamId: id, type: 'PaymentAuthorised', occurredAt }
  return { ...noPayment, ...envelope, authorised: moneyOf(order) }
}

/** A captured payment, the second event of its stream. */
export function capturedAt(
  order: Pick<Order, 'id' | 'currency'>,
  occurredAt: number,
): PaymentEvent {
  const { id } = order
  const envelope = { eventId: `${id}-2`, streamId: id, type: 'PaymentCaptured', occurredAt }
  return { ...noPayment, ...envelope, version: 2n, captured: moneyOf(order) }
}

/** One request; each partition has its records in order. */
export async function send<Event extends { readonly streamId: string }>(
  producer: Producer,
  topic: string,
  records: readonly Placed<Event>[],
  encode: (event: Event) => Buffer,
): Promise<void> {
  const messages = records.map(({ partition, event }) => ({
    ...{ partition, key: event.streamId, value: encode(event) },
  }))
  await producer.send({ topic, acks: -1, messages })
}
