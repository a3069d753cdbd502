import { setTimeout as pause } from 'node:timers/promises'
import type { Codec } from '@tenseams/codec/codec'
import { UndecodableError } from '@tenseams/codec/errors'
import kafkajs, { type Admin, type Consumer, type Kafka } from 'kafkajs'
import { PublishError } from '../errors.ts'
import type { Build, DanceEvent, Value } from './build.ts'

type Options = {
  readonly groupId: string
  readonly topic: string
  readonly kafka: Kafka
  readonly admin: Admin
  readonly codecOf: (build: Build) => Codec
  readonly timeoutMs: number
}

/** What a build made of the records that it read, each one time. */
export type Consumed = {
  readonly understood: readonly DanceEvent[]
  /** Why records went to the dead letter topic. */
  readonly deadLetters: readonly string[]
  /** How many it read, passed over and committed: types that it does not know. */
  readonly passedOver: number
}

type Position = { readonly partition: number; readonly offset: string }

/**
 * Readers of one group, one after another, each of some build. As the house's services do, they drop repeats by event
 * id, and write a record that nobody can read aside, so that no partition stops; either way it is committed, and no
 * later build of the group sees it again.
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
   * A consumer of a build starts, reads to the topic's present end, and stops.
   *
   * @param commit false for one that is killed between its effect and its commit.
   * @param dropRepeats false for one that has no inbox.
   * @throws RegistryUnavailableError, PublishError when the end is not reached in time.
   */
  async consume(build: Build, { commit = true, dropRepeats = true } = {}): Promise<Consumed> {
    const codec = this.#options.codecOf(build)
    const understood: DanceEvent[] = []
    const deadLetters: string[] = []
    let passedOver = 0
    for (const bytes of await this.#records(commit)) {
      try {
        const { value } = await codec.decode<Value>(this.#options.topic, bytes)
        const event = build.read(value)
        if (event === undefined) passedOver += 1
        else if (!dropRepeats || this.#isNew(event)) understood.push(event)
      } catch (error) {
        if (!(error instanceof UndecodableError)) throw error
        deadLetters.push(error.message)
      }
    }
    return { understood, deadLetters, passedOver }
  }

  #isNew({ id }: DanceEvent): boolean {
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

  /** The ends of the partitions in which the group has not read everything. */
  async #unread(ends: readonly Position[]): Promise<readonly Position[]> {
    const { admin, topic } = this.#options
    const [read] = await this.#patiently(() =>
      admin.fetchOffsets({ groupId: this.groupId, topics: [topic] }),
    )
    return ends
      .map(({ partition, offset }) => ({ partition, offset }))
      .filter(({ partition, offset }) => {
        const position = read?.partitions.find((one) => one.partition === partition)?.offset
        return BigInt(offset) > BigInt(position ?? -1) && offset !== '0'
      })
  }

  /** A broker that makes its topic of offsets just now says "not the coordinator", and kafkajs's admin gives up. */
  async #patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
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
