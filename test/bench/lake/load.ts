import { setTimeout as delay } from 'node:timers/promises'
import type { Encoder } from '@tenseams/codec/codec'
import { openCodec } from '@tenseams/contracts/codec'
import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { durableProducer, durableSend } from '@tenseams/kafka/producer'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'
import { CompressionTypes, type Message, type Producer } from 'kafkajs'
import { openKafka } from '../../support/login.ts'
import { orderEvent } from './orders.ts'
import { PARTITIONS, TOPIC } from './sinks.ts'

const TICK_MS = 10
const BACKLOG_BATCH = 4_000

/** The offered load, and the share of its rate at which it was sent. */
export type Paced = { readonly records: number; readonly achieved: number }

/** Sends the events of orders, numbered, each once, as Debezium writes them: Avro in Confluent's frame, gzip. */
export class Load {
  readonly #producer: Producer
  readonly #encoder: Encoder<OrderEvent>
  #sent = 0

  private constructor(producer: Producer, encoder: Encoder<OrderEvent>) {
    this.#producer = producer
    this.#encoder = encoder
  }

  static async open({ endpoints }: Stack): Promise<Load> {
    const { kafkaBrokers, registryUrl } = endpoints
    const codec = openCodec(registryUrl, 10_000)
    const encoder = await codec.encoder<OrderEvent>(TOPIC)
    const kafka = openKafka({ brokers: kafkaBrokers, clientId: 'bench-generator' })
    // Sends overlap here, which kafkajs's idempotent producer must not do; the sums at the end show whether it did harm.
    const producer = kafka.producer({
      ...durableProducer,
      idempotent: false,
      maxInFlightRequests: 5,
    })
    await producer.connect()
    return new Load(producer, encoder)
  }

  get sent(): number {
    return this.#sent
  }

  /** Sends all of them as fast as possible. */
  async pile(count: number): Promise<void> {
    const end = this.#sent + count
    let before: Promise<unknown> = Promise.resolve()
    while (this.#sent < end) {
      const until = Math.min(end, this.#sent + BACKLOG_BATCH)
      const now = Date.now()
      const messages = this.#messages(until, () => now)
      await before
      before = this.#send(messages)
    }
    await before
  }

  /**
   * An open loop: each record is sent at its intended time, whether or not earlier ones were acknowledged, and has that
   * time as its timestamp. All records are acknowledged when this returns.
   */
  async pace(recordsPerSecond: number, ms: number): Promise<Paced> {
    const first = this.#sent
    const count = Math.round((recordsPerSecond * ms) / 1_000)
    const begun = Date.now()
    const pending: Promise<unknown>[] = []
    const intended = (sequence: number) => begun + ((sequence - first) * 1_000) / recordsPerSecond
    while (this.#sent < first + count) {
      const due = Math.floor(((Date.now() - begun) * recordsPerSecond) / 1_000) + 1
      const until = Math.min(first + count, first + due)
      if (until > this.#sent) pending.push(this.#send(this.#messages(until, intended)))
      await delay(TICK_MS)
    }
    const sendingMs = Date.now() - begun
    await Promise.all(pending)
    return { records: count, achieved: Math.min(1, ms / sendingMs) }
  }

  close(): Promise<void> {
    return this.#producer.disconnect()
  }

  #send(messages: Message[]): Promise<unknown> {
    const compression = CompressionTypes.GZIP
    return this.#producer.send({ topic: TOPIC, ...durableSend, compression, messages })
  }

  #messages(until: number, intendedAt: (sequence: number) => number): Message[] {
    const messages: Message[] = []
    for (; this.#sent < until; this.#sent++) {
      const at = Math.round(intendedAt(this.#sent))
      const event = orderEvent(this.#sent, at)
      messages.push({
        key: event.streamId,
        partition: Math.floor(this.#sent / 3) % PARTITIONS,
        timestamp: String(at),
        value: this.#encoder.encode(event),
      })
    }
    return messages
  }
}
