import {
  CompressionTypes,
  type Kafka,
  type Message,
  type Producer,
  type RecordMetadata,
} from 'kafkajs'

/** Of every producer of the house: the broker drops a repeated send, and one request is in flight. */
export const durableProducer = {
  idempotent: true,
  maxInFlightRequests: 1,
  allowAutoTopicCreation: false,
} as const

/** Of every send of the house: acknowledged when all in-sync replicas hold it. */
export const durableSend = { acks: -1, timeout: 10_000 } as const

export type DurableProducerOptions = {
  readonly kafka: Kafka
  /** `false` makes a send whose answer was lost a second record; the tests show that. */
  readonly idempotent?: boolean
  /** `leader`: what it alone holds is acknowledged, and goes with it. kafkajs allows it without idempotence only. */
  readonly acks?: 'all' | 'leader'
  /** `at-once` hands concurrent sends to kafkajs as they come; the tests show what becomes of them. */
  readonly sends?: 'one-by-one' | 'at-once'
}

/**
 * Sends outside of transactions, so that what is acknowledged is there, once and in order, whatever the network does
 * to requests and answers.
 *
 * kafkajs takes the sequence number of a failed request back, retries after a while, and gives the number to whoever
 * sends meanwhile. When the broker had taken the failed one, it takes the other for its repetition: acknowledges it and
 * writes nothing. So no send begins before the one before is decided, and after one that failed for good the producer,
 * whose next number nobody knows, is thrown away. (kafkajs 2.2.4, producer/sendMessages.js.)
 *
 * The queue is as long as the callers let it become: each waits for its send.
 */
export class DurableProducer {
  readonly #options: DurableProducerOptions
  #producer: Promise<Producer> | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: DurableProducerOptions) {
    this.#options = options
  }

  /**
   * Resolves when all in-sync replicas hold the records.
   *
   * @throws whatever the broker says after its retries; the records may be there nevertheless, and sending them again
   *   may write them twice.
   */
  send(topic: string, messages: Message[]): Promise<RecordMetadata[]> {
    if (this.#options.sends === 'at-once') return this.#sendNow(topic, messages)
    const sent = this.#turn.then(() => this.#sendNow(topic, messages))
    this.#turn = sent.catch(() => undefined)
    return sent
  }

  /** Waits for what is being sent. */
  async close(): Promise<void> {
    await this.#turn
    const producer = await this.#producer?.catch(() => undefined)
    await producer?.disconnect()
  }

  async #sendNow(topic: string, messages: Message[]): Promise<RecordMetadata[]> {
    const opened = this.#open()
    try {
      const producer = await opened
      const acks = this.#options.acks === 'leader' ? 1 : durableSend.acks
      const compression = CompressionTypes.GZIP
      return await producer.send({ topic, ...durableSend, acks, compression, messages })
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
    const { kafka, idempotent = this.#options.acks !== 'leader' } = this.#options
    const producer = kafka.producer({ ...durableProducer, idempotent })
    await producer.connect()
    return producer
  }
}

/** Closes a producer that will not be used again, whatever its broker says. */
export async function discard(producer: Pick<Producer, 'disconnect'>): Promise<void> {
  await producer.disconnect().catch(() => undefined)
}
