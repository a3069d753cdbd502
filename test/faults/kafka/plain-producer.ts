import { durableProducer, durableSend } from '@tenseams/kafka/producer'
import { CompressionTypes, type Kafka, type Message, type Producer } from 'kafkajs'

export type PlainProducerOptions = {
  readonly kafka: Kafka
  readonly idempotent: boolean
  /** -1: all in-sync replicas; 1: the leader alone. kafkajs allows 1 only without idempotence. */
  readonly acks: -1 | 1
}

/** kafkajs's own producer, without `DurableProducer` around it: sends may be under way at once. */
export class PlainProducer {
  readonly #options: PlainProducerOptions
  #producer: Promise<Producer> | undefined

  constructor(options: PlainProducerOptions) {
    this.#options = options
  }

  async send(topic: string, messages: Message[]): Promise<unknown> {
    this.#producer ??= this.#connect()
    const producer = await this.#producer
    const { acks } = this.#options
    return producer.send({
      topic,
      ...durableSend,
      acks,
      compression: CompressionTypes.GZIP,
      messages,
    })
  }

  async close(): Promise<void> {
    await (await this.#producer)?.disconnect()
  }

  async #connect(): Promise<Producer> {
    const { kafka, idempotent } = this.#options
    const producer = kafka.producer({ ...durableProducer, idempotent })
    await producer.connect()
    return producer
  }
}
