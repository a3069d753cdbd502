import type { Codec } from '@tenseams/codec/codec'
import type { PaymentEvent } from '@tenseams/contracts/generated/payments.payment.v1'
import type { Producer } from 'kafkajs'

export const paymentsTopic = 'payments.payment.v1'
const PARTITIONS = [0, 1, 2, 3]
const A_SECOND = 3
const A_SCRAWL_EACH = 30
const beginning = Date.UTC(2026, 0, 1, 12)

type Phase = {
  readonly seconds: number
  /** Partitions that get no payments. */
  readonly quiet?: readonly number[]
  /** Without ticks, the time of a quiet partition does not advance. */
  readonly withoutTicks?: boolean
}

/**
 * Payments from shops with event times of their own: most clocks differ a little, some tills were offline and send their
 * payments minutes later, one clock is ahead, some events are sent twice, soon after or much later, and a few records
 * are no payments at all.
 */
export class Tills {
  readonly #producer: Producer
  readonly #encode: (event: PaymentEvent) => Buffer
  readonly #random: () => number
  readonly #told: { readonly partition: number; readonly event: PaymentEvent }[] = []
  #second = 0

  private constructor(
    producer: Producer,
    encode: (event: PaymentEvent) => Buffer,
    random: () => number,
  ) {
    this.#producer = producer
    this.#encode = encode
    this.#random = random
  }

  static async open(producer: Producer, codec: Codec, random: () => number): Promise<Tills> {
    const { encode } = await codec.encoder<PaymentEvent>(paymentsTopic)
    return new Tills(producer, encode, random)
  }

  /** Sends this many seconds of event time, as fast as the broker takes them. */
  async sell({ seconds, quiet = [], withoutTicks = false }: Phase): Promise<void> {
    for (let end = this.#second + seconds; this.#second < end; this.#second += 1) {
      for (const partition of PARTITIONS.filter((one) => !quiet.includes(one))) {
        const events = Array.from({ length: A_SECOND }, () => this.#next(partition))
        await this.#send(partition, events)
      }
      if (this.#second % 5 === 4 && !withoutTicks) await this.tick()
      if (this.#second % A_SCRAWL_EACH === 0) await this.#scrawl(quiet.includes(0) ? 1 : 0)
    }
  }

  /** Sends a tick to every partition, `ahead` seconds after now. */
  async tick(ahead = 0): Promise<void> {
    const at = this.#second + ahead
    for (const partition of PARTITIONS) {
      await this.#send(partition, [{ ...eventAt(at, `tick-${at}-${partition}`), type: 'tick' }])
    }
  }

  /** Sends an undecodable record. */
  async #scrawl(partition: number): Promise<void> {
    const value = Buffer.from(`scrawl ${this.#second}`)
    await this.#producer.send({
      ...{ topic: paymentsTopic, acks: -1 },
      messages: [{ partition, key: `scrawl-${this.#second}`, value }],
    })
  }

  #next(partition: number): PaymentEvent {
    const kind = this.#random()
    const told = this.#told.filter((one) => one.partition === partition)
    if (kind < 0.08 && told.length > 0) {
      const again = told[Math.floor(this.#random() * told.length)]
      if (again !== undefined) return again.event
    }
    const event = this.#captured(this.#second - this.#lag(kind))
    this.#told.push({ partition, event })
    return event
  }

  /** In seconds behind the shop's time. */
  #lag(kind: number): number {
    const random = this.#random()
    if (kind < 0.18) return 6 + random * 600
    if (kind < 0.2) return -20 * random
    return random * 4
  }

  #captured(second: number): PaymentEvent {
    const id = `payment-${this.#told.length}`
    const amountMinor = BigInt(1 + Math.floor(this.#random() * 10_000))
    const currency = this.#random() < 0.7 ? 'EUR' : 'USD'
    const captured = { paymentId: id, method: 'card', amountMinor, currency }
    return { ...eventAt(second, id), type: 'PaymentCaptured', captured }
  }

  async #send(partition: number, events: readonly PaymentEvent[]): Promise<void> {
    await this.#producer.send({
      topic: paymentsTopic,
      acks: -1,
      messages: events.map((event) => ({
        ...{ partition, key: event.streamId, value: this.#encode(event) },
        headers: { id: event.eventId },
      })),
    })
  }
}

function eventAt(second: number, id: string): PaymentEvent {
  return {
    ...{ eventId: id, streamId: id, version: 1n, type: '', traceparent: null },
    occurredAt: beginning + Math.round(second * 1_000),
    ...{ authorised: null, captured: null, declined: null },
    ...{ voided: null, refunded: null, returned: null },
  }
}
