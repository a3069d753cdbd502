import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import { readPayload } from './load.ts'

/** The sent records that a reader of committed data has seen. */
export class Arrivals {
  readonly #latenciesMs: Float64Array
  #seen = 0
  #doubled = 0

  /** @param count records that will be sent, numbered from 0. */
  constructor(count: number) {
    this.#latenciesMs = new Float64Array(count).fill(-1)
  }

  note(sequence: number, latencyMs: number): void {
    if ((this.#latenciesMs[sequence] ?? 0) >= 0) {
      this.#doubled += 1
      return
    }
    this.#latenciesMs[sequence] = Math.max(0, latencyMs)
    this.#seen += 1
  }

  /** The number of different records. */
  get seen(): number {
    return this.#seen
  }

  /** Latencies, sorted, of the records from that number on. */
  latenciesMs(from: number): Float64Array {
    return this.#latenciesMs.slice(from).sort()
  }

  /** The figures of a loop that loses or doubles records would be worthless. */
  assertEachOnce(): void {
    const lost = this.#latenciesMs.length - this.#seen
    if (lost === 0 && this.#doubled === 0) return
    throw new Error(`of ${this.#latenciesMs.length} records ${lost} lost, ${this.#doubled} doubled`)
  }
}

/** Reads committed data from the beginning. The broker answers as soon as there are records. */
export async function readInto(
  kafka: Kafka,
  topic: string,
  arrivals: Arrivals,
): Promise<{ close(): Promise<void> }> {
  const consumer = kafka.consumer({
    groupId: `bench-reader-${randomUUID()}`,
    readUncommitted: false,
    allowAutoTopicCreation: false,
    minBytes: 1,
    maxWaitTimeInMs: 500,
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch: { messages } }) => {
      const now = performance.now()
      for (const { value } of messages) {
        if (value === null) continue
        const { sequence, intendedAtMs } = readPayload(value)
        arrivals.note(sequence, now - intendedAtMs)
      }
    },
  })
  return { close: () => consumer.disconnect() }
}
