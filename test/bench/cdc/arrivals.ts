import type { Kafka } from 'kafkajs'

/** The events that a reader of committed records has seen in a topic: their number, and when each came, by id. */
export class Arrivals {
  count = 0
  readonly #at = new Map<string, number>()
  readonly #consumer: ReturnType<Kafka['consumer']>

  private constructor(consumer: ReturnType<Kafka['consumer']>) {
    this.#consumer = consumer
  }

  static async open(kafka: Kafka, topic: string): Promise<Arrivals> {
    const consumer = kafka.consumer({ groupId: topic, readUncommitted: false, maxWaitTimeInMs: 20 })
    const arrivals = new Arrivals(consumer)
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { messages } }) => {
        const now = performance.now()
        arrivals.count += messages.length
        for (const { headers } of messages) arrivals.#at.set(String(headers?.id), now)
      },
    })
    return arrivals
  }

  /** When the event came, by this process's clock in ms; undefined before that. */
  at(eventId: string): number | undefined {
    return this.#at.get(eventId)
  }

  close(): Promise<void> {
    return this.#consumer.disconnect()
  }
}
