import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Codec } from '@tenseams/codec/codec'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'
import type { Producer } from 'kafkajs'

export const ordersTopic = 'orders.order.v1'
export const paymentsTopic = 'payments.payment.v1'
const PARTITIONS = [0, 1, 2, 3]
const beginning = Date.UTC(2026, 0, 1, 12)
/** The event time over which all orders are spread, whatever their number. */
const ALL_MS = 5_000_000
/** The least time that writing them takes, so that all faults happen under load. */
const WRITING_MS = 60_000
const BATCH = 100
const ORDERS_A_CUSTOMER = 50
const TICK_MS = 5_000
/** Wide rows, so that few of them exceed a small memory. */
const STREAM_ID_CHARACTERS = 800
const CUSTOMER_ID_CHARACTERS = 1_500

type Sale = {
  readonly topic: typeof ordersTopic | typeof paymentsTopic
  readonly partition: number
  readonly id: string
  readonly key: string
  readonly value: Buffer
}

type Encoders = {
  readonly order: (event: OrderEvent) => Buffer
  readonly payment: (event: PaymentEvent) => Buffer
}

/**
 * Customers who order and pay, with event times of their own; some order much more than others. Most events are a little
 * out of order, some come minutes late, and some are sent twice.
 */
export class Shoppers {
  readonly #producer: Producer
  readonly #encoders: Encoders
  readonly #random: () => number
  readonly #orders: number
  readonly #due: { readonly atMs: number; readonly sale: Sale }[] = []
  #placed = 0
  #sent = 0
  #nowMs = 0
  #tickedMs = 0

  private constructor(
    producer: Producer,
    encoders: Encoders,
    random: () => number,
    orders: number,
  ) {
    this.#producer = producer
    this.#encoders = encoders
    this.#random = random
    this.#orders = orders
  }

  /** @param orders the number of orders in all. */
  static async open(producer: Producer, codec: Codec, random: () => number, orders: number) {
    const order = await codec.encoder<OrderEvent>(ordersTopic)
    const payment = await codec.encoder<PaymentEvent>(paymentsTopic)
    const encoders = { order: order.encode, payment: payment.encode }
    return new Shoppers(producer, encoders, random, orders)
  }

  /** Records, ticks and repeats included. */
  get sent(): number {
    return this.#sent
  }

  /** Sends this share of all orders, at an even rate. */
  async sell(share: number): Promise<void> {
    const end = Math.min(this.#orders, this.#placed + Math.round(this.#orders * share))
    while (this.#placed < end) {
      const count = Math.min(BATCH, end - this.#placed)
      await Promise.all([this.#batch(count), pause((WRITING_MS / this.#orders) * count)])
    }
  }

  /** Sends everything that is still due, then a tick to every partition of both topics. */
  async finish(): Promise<void> {
    await this.#send(this.#due.splice(0).map(({ sale }) => sale))
    this.#nowMs += 86_400_000
    await this.#send(this.#ticks())
  }

  async #batch(count: number): Promise<void> {
    const sales: Sale[] = []
    for (let at = 0; at < count; at += 1) {
      this.#nowMs += (ALL_MS / this.#orders) * 2 * this.#random()
      sales.push(...this.#takeDue(), ...this.#order())
      if (this.#nowMs - this.#tickedMs >= TICK_MS) sales.push(...this.#ticks())
    }
    await this.#send(sales)
  }

  #takeDue(): readonly Sale[] {
    const due = this.#due.filter(({ atMs }) => atMs <= this.#nowMs)
    if (due.length === 0) return []
    const rest = this.#due.filter(({ atMs }) => atMs > this.#nowMs)
    this.#due.splice(0, this.#due.length, ...rest)
    return due.map(({ sale }) => sale)
  }

  #order(): readonly Sale[] {
    this.#placed += 1
    const streamId = wide(`order-${this.#placed}`, STREAM_ID_CHARACTERS)
    const lateMs = this.#lateMs()
    const placedMs = this.#nowMs - lateMs
    const currency = this.#random() < 0.8 ? 'EUR' : 'USD'
    const amountMinor = BigInt(1 + Math.floor(this.#random() * 10_000))
    const { partition, sale } = this.#orderSale(streamId, placedMs, currency, amountMinor)
    if (this.#random() < 0.04) this.#later(20_000, sale)
    if (this.#random() < 0.85)
      this.#payment({ partition, streamId, currency, amountMinor }, placedMs)
    return [sale]
  }

  #orderSale(streamId: string, placedMs: number, currency: string, totalMinor: bigint) {
    const customers = Math.max(20, Math.floor(this.#orders / ORDERS_A_CUSTOMER))
    const customer = Math.floor(customers * this.#random() ** 2)
    const customerId = wide(`customer-${customer}`, CUSTOMER_ID_CHARACTERS)
    const placed = { customerId, currency, totalMinor, paymentMethod: 'card', lines: [] }
    const id = `placed-${this.#placed}`
    const partition = Math.floor(this.#random() * PARTITIONS.length)
    const event = { ...orderAt(placedMs, id, streamId), type: 'OrderPlaced', placed }
    const value = this.#encoders.order(event)
    const sale: Sale = { topic: ordersTopic, partition, id, key: streamId, value }
    return { partition, sale }
  }

  #payment(
    order: { partition: number; streamId: string; currency: string; amountMinor: bigint },
    placedMs: number,
  ): void {
    const { partition, streamId, currency, amountMinor } = order
    const paidMs = Math.max(placedMs, this.#nowMs) + this.#random() * 120_000
    const id = `captured-${this.#placed}`
    const captured = { paymentId: id, method: 'card', amountMinor, currency }
    const event = { ...paymentAt(paidMs, id, streamId), type: 'PaymentCaptured', captured }
    const value = this.#encoders.payment(event)
    const sale: Sale = { topic: paymentsTopic, partition, id, key: streamId, value }
    this.#due.push({ atMs: paidMs + this.#lateMs(), sale })
    if (this.#random() < 0.04) this.#due.push({ atMs: paidMs + 20_000, sale })
  }

  #later(withinMs: number, sale: Sale): void {
    this.#due.push({ atMs: this.#nowMs + this.#random() * withinMs, sale })
  }

  #lateMs(): number {
    const random = this.#random()
    return this.#random() < 0.04 ? 6_000 + random * 300_000 : random * 3_000
  }

  #ticks(): readonly Sale[] {
    this.#tickedMs = this.#nowMs
    return PARTITIONS.flatMap((partition): readonly Sale[] => {
      const id = `tick-${Math.round(this.#nowMs)}-${partition}`
      const order = { ...orderAt(this.#nowMs, id, id), type: 'tick' }
      const payment = { ...paymentAt(this.#nowMs, id, id), type: 'tick' }
      const common = { partition, id, key: id }
      return [
        { ...common, topic: ordersTopic, value: this.#encoders.order(order) },
        { ...common, topic: paymentsTopic, value: this.#encoders.payment(payment) },
      ]
    })
  }

  async #send(sales: readonly Sale[]): Promise<void> {
    this.#sent += sales.length
    const topicMessages = [ordersTopic, paymentsTopic].map((topic) => ({
      topic,
      messages: sales
        .filter((sale) => sale.topic === topic)
        .map(({ partition, id, key, value }) => ({ partition, key, value, headers: { id } })),
    }))
    await this.#producer.sendBatch({
      acks: -1,
      topicMessages: topicMessages.filter(({ messages }) => messages.length > 0),
    })
  }
}

/** A name with this many incompressible characters after it. */
function wide(name: string, characters: number): string {
  const bytes = createHash('shake256', { outputLength: Math.ceil((characters * 3) / 4) })
  return `${name}.${bytes.update(name).digest('base64url')}`
}

const envelopeAt = (ms: number, eventId: string, streamId: string) => ({
  ...{ eventId, streamId, version: 1n, type: '', traceparent: null },
  occurredAt: beginning + Math.round(ms),
})

const orderAt = (ms: number, id: string, streamId: string): OrderEvent => ({
  ...envelopeAt(ms, id, streamId),
  ...{ placed: null, confirmed: null, rejected: null, cancelled: null },
  ...{ completed: null, refunded: null },
})

const paymentAt = (ms: number, id: string, streamId: string): PaymentEvent => ({
  ...envelopeAt(ms, id, streamId),
  ...{ authorised: null, captured: null, declined: null },
  ...{ voided: null, refunded: null, returned: null },
})
