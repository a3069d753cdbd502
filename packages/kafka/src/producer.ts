import {
  CompressionTypes,
  type Kafka,
  type Message,
  type Producer,
  type RecordMetadata,
} from 'kafkajs'

/** For every producer of ours: the broker drops a repeated send, and one request is in flight. */
export const durableProducer = {
  idempotent: true,
  maxInFlightRequests: 1,
  allowAutoTopicCreation: false,
} as const

/** For every send of ours: acknowledged when all in-sync replicas hold it. */
export const durableSend = { acks: -1, timeout: 10_000 } as const

export type DurableProducerOptions = { readonly kafka: Kafka }

/**
 * Sends outside of transactions, so that an acknowledged record is there, once and in order, even when the network
 * loses requests or answers.
 *
 * kafkajs takes the sequence number of a failed request back, retries after a pause, and gives the number to any send
 * that comes meanwhile. If the broker had in fact accepted the failed request, it takes the other send for a repetition:
 * acknowledges it and writes nothing. So a send begins only when the one before is decided, and after a send that failed
 * for good the producer, whose next number is unknown, is closed. (kafkajs 2.2.4, producer/sendMessages.js.)
 *
 * The queue is bounded by its callers: each waits for its send.
 */
export class DurableProducer {
  readonly #kafka: Kafka
  #producer: Promise<Producer> | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ kafka }: DurableProducerOptions) {
    this.#kafka = kafka
  }

  /**
   * Resolves when all in-sync replicas hold the records.
   *
   * @throws whatever the broker says after its retries; the records may be there nevertheless, and sending them again
   *   may write them twice.
   */
  send(topic: string, messages: Message[]): Promise<RecordMetadata[]> {
    const sent = this.#turn.then(() => this.#sendNow(topic, messages))
    this.#turn = sent.catch(() => undefined)
    return sent
  }

  /** Waits for the sends under way. */
  async close(): Promise<void> {
    await this.#turn
    const producer = await this.#producer?.catch(() => undefined)
    await producer?.disconnect()
  }

  async #sendNow(topic: string, messages: Message[]): Promise<RecordMetadata[]> {
    const opened = this.#open()
    try {
      const producer = await opened
      const compression = CompressionTypes.GZIP
      return await producer.send({ topic, ...durableSend, compression, messages })
    } catch (error) {
      if (this.#producer === opened) this.#producer = undefined
      await opened.then(discard, () => undefined)
      throw error
    }
  }

  #open(): Promise<Producer> {
    this.#producer ??= this.#connect()
    return this.#producer
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer(durableProducer)
    await producer.connect()
    return producer
  }
}

/** Closes a producer that will not be used again, and ignores errors of its broker. */
export async function discard(producer: Pick<Producer, 'disconnect'>): Promise<void> {
  await producer.disconnect().catch(() => undefined)
}
