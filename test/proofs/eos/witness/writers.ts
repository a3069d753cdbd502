import { setTimeout as delay } from 'node:timers/promises'
import { openProducer } from '@tenseams/kafka/ownership'
import { DurableProducer, discard } from '@tenseams/kafka/producer'
import type { Kafka, Message } from 'kafkajs'
import type { HistoryRecorder } from '../../../history/recorder.ts'
import { openKafka } from '../../../support/login.ts'
import { orUnknown, recordingProducer, sentRecords, withOffsets } from './recording.ts'
import { PARTITIONS, WITNESS_INPUT } from './task.ts'

const EVERY_MS = 200
const TRANSACTION_TIMEOUT_MS = 30_000
const PLAIN = 'writer'
const TRANSACTIONAL = 'transactional-writer'

/**
 * Two clients that write: one by our durable producer, one in transactions over several partitions, of which it aborts
 * every fourth on purpose. No value is retried by us, so each exists once or not at all.
 */
export class Writers {
  readonly #kafka: Kafka
  readonly #recorder: HistoryRecorder
  readonly #durable: DurableProducer
  #running: Promise<unknown> = Promise.resolve()
  #stopped = false
  #values = 0

  constructor(brokers: string, recorder: HistoryRecorder) {
    this.#kafka = openKafka({ brokers, clientId: 'witness-writers' })
    this.#recorder = recorder
    this.#durable = new DurableProducer({ kafka: this.#kafka })
  }

  start(): void {
    this.#running = Promise.all([this.#writePlainly(), this.#writeInTransactions()])
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    await this.#durable.close()
  }

  /** Writes the last value to each partition and returns these values. */
  async writeLast(): Promise<readonly string[]> {
    const messages = Array.from({ length: PARTITIONS }, (_, partition) => this.#message(partition))
    await this.#send(messages)
    return messages.map(({ value }) => String(value))
  }

  async #writePlainly(): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      const partition = turn % PARTITIONS
      const messages = [this.#message(partition), this.#message(partition)]
      await this.#send(messages).catch(() => undefined)
      await delay(EVERY_MS)
    }
  }

  async #send(messages: Message[]): Promise<void> {
    const records = sentRecords(WITNESS_INPUT, messages)
    const sending = this.#recorder.invoke(PLAIN, { kind: 'send', records })
    const told = await orUnknown(sending, () => this.#durable.send(WITNESS_INPUT, messages))
    sending.ok({ records: withOffsets(records, told) })
  }

  async #writeInTransactions(): Promise<void> {
    while (!this.#stopped) {
      await this.#writeUntilError().catch(() => undefined)
      await delay(EVERY_MS)
    }
  }

  /** @throws any error of the broker. Then a new producer is needed, which aborts the open transaction of this one. */
  async #writeUntilError(): Promise<void> {
    const opening = { kafka: this.#kafka, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }
    const opened = await openProducer(opening, 'witness-writer')
    const producer = recordingProducer(this.#recorder, TRANSACTIONAL, opened)
    try {
      for (let turn = 0; !this.#stopped; turn += 1) {
        const transaction = await producer.transaction()
        for (const step of [0, 1]) {
          const messages = [this.#message((turn + step) % PARTITIONS)]
          await transaction.send({ topic: WITNESS_INPUT, acks: -1, messages })
        }
        if (turn % 4 === 3) await transaction.abort()
        else await transaction.commit()
        await delay(EVERY_MS)
      }
    } finally {
      await discard(opened)
    }
  }

  #message(partition: number): Message {
    this.#values += 1
    return { partition, key: null, value: `value ${this.#values}` }
  }
}
