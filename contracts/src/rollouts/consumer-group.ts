import { setTimeout as pause } from 'node:timers/promises'
import type { Codec } from '@tenseams/codec/codec'
import { UndecodableError } from '@tenseams/codec/errors'
import kafkajs, { type Admin, type Consumer, type Kafka } from 'kafkajs'
import { PublishError } from '../errors.ts'
import type { Build, RolloutEvent, Value } from './build.ts'

type Options = {
  readonly groupId: string
  readonly topic: string
  readonly kafka: Kafka
  readonly admin: Admin
  readonly codecOf: (build: Build) => Codec
  readonly timeoutMs: number
}

/** What one build understood of the records that it read. */
export type Consumed = {
  readonly understood: readonly RolloutEvent[]
  /** For each dead-lettered record, the reason. */
  readonly deadLetters: readonly string[]
  /** Number of records of unknown types, which were skipped and committed. */
  readonly skipped: number
}

type Position = { readonly partition: number; readonly offset: string }

/**
 * A consumer group in which one consumer after another runs, each of some build. As in our services, a consumer drops
 * repeated event ids and dead-letters a record that it cannot decode, so that no partition stops. Both are committed, so
 * no later build of the group sees the record again.
 */
export class ConsumerGroup {
  readonly groupId: string
  wasJoined = false
  readonly #options: Options
  readonly #inbox = new Set<string>()

  constructor(options: Options) {
    this.#options = options
    this.groupId = options.groupId
  }

  /**
   * Starts a consumer of a build, reads to the topic's current end, and stops it.
   *
   * @param commit false for a consumer that is killed between its effect and its commit.
   * @param dropRepeats false for a consumer without an inbox.
   * @throws RegistryUnavailableError, PublishError when the end is not reached in time.
   */
  async consume(build: Build, { commit = true, dropRepeats = true } = {}): Promise<Consumed> {
    const codec = this.#options.codecOf(build)
    const understood: RolloutEvent[] = []
    const deadLetters: string[] = []
    let skipped = 0
    for (const bytes of await this.#records(commit)) {
      try {
        const { value } = await codec.decode<Value>(this.#options.topic, bytes)
        const event = build.read(value)
        if (event === undefined) skipped += 1
        else if (!dropRepeats || this.#isNew(event)) understood.push(event)
      } catch (error) {
        if (!(error instanceof UndecodableError)) throw error
        deadLetters.push(error.message)
      }
    }
    return { understood, deadLetters, skipped }
  }

  #isNew({ id }: RolloutEvent): boolean {
    const isNew = !this.#inbox.has(id)
    this.#inbox.add(id)
    return isNew
  }

  async #records(commit: boolean): Promise<readonly (Buffer | null)[]> {
    const { admin, kafka, topic } = this.#options
    const ends = await admin.fetchTopicOffsets(topic)
    const due = await this.#unread(ends)
    if (due.length === 0) return []
    const consumer = kafka.consumer({
      groupId: this.groupId,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: 100,
    })
    await consumer.connect()
    this.wasJoined = true
    try {
      const records = await this.#readTo(consumer, due)
      if (commit) {
        await consumer.commitOffsets(due.map((position) => ({ topic, ...position })))
      }
      return records
    } finally {
      await consumer.disconnect()
    }
  }

  /** The end of each partition that the group has not read completely. */
  async #unread(ends: readonly Position[]): Promise<readonly Position[]> {
    const { admin, topic } = this.#options
    const [read] = await this.#retried(() =>
      admin.fetchOffsets({ groupId: this.groupId, topics: [topic] }),
    )
    return ends
      .map(({ partition, offset }) => ({ partition, offset }))
      .filter(({ partition, offset }) => {
        const position = read?.partitions.find((one) => one.partition === partition)?.offset
        return BigInt(offset) > BigInt(position ?? -1) && offset !== '0'
      })
  }

  /** While a broker creates its offsets topic it answers "not the coordinator", and kafkajs's admin does not retry. */
  async #retried<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const deadline = Date.now() + this.#options.timeoutMs
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        const isPassing = error instanceof kafkajs.KafkaJSError && error.retriable
        if (!isPassing || Date.now() > deadline) throw error
        await pause(200)
      }
    }
  }

  async #readTo(consumer: Consumer, ends: readonly Position[]) {
    const { topic, timeoutMs } = this.#options
    const records = new Map<string, Buffer | null>()
    const left = new Map(ends.map(({ partition, offset }) => [partition, BigInt(offset) - 1n]))
    const atEnd = Promise.withResolvers<void>()
    const late = new PublishError(`${this.groupId}: the end of ${topic} was not reached in time`, {
      retriable: true,
    })
    const timer = setTimeout(() => atEnd.reject(late), timeoutMs)
    try {
      await consumer.subscribe({ topics: [topic], fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => {
          records.set(`${partition} ${message.offset}`, message.value)
          if (BigInt(message.offset) >= (left.get(partition) ?? 0n)) left.delete(partition)
          if (left.size === 0) atEnd.resolve()
        },
      })
      await atEnd.promise
      return [...records.values()]
    } finally {
      clearTimeout(timer)
    }
  }
}
