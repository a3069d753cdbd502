import { setTimeout as delay } from 'node:timers/promises'
import type { IHeaders, Kafka, Producer } from 'kafkajs'
import { deadLetterTopicOf } from './dead-letter.ts'
import { openProducer } from './ownership.ts'
import { discard, durableSend } from './producer.ts'

/** A dead letter as it lies in its topic. */
export type FoundLetter = {
  readonly partition: number
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: IHeaders
  readonly reason: string
  /** Whether it was sent back to its origin. */
  readonly replayed: boolean
}

type Found = Omit<FoundLetter, 'reason' | 'replayed'>

export class DlqError extends Error {
  readonly code = 'DLQ'
  readonly retriable = false
}

const ours = /^dead-letter-(?:reason|detail|stack|topic|partition|offset|group)$/
/** The header of the note that a letter of that offset, in the same partition, was sent back. */
const NOTE = 'dead-letter-replayed'
const LETTERS_A_TRANSACTION = 100
const READ_TIMEOUT_MS = 60_000
const TRANSACTION_TIMEOUT_MS = 30_000

/** The dead letter topics that are there, without their ending. */
export async function deadLetterTopics(kafka: Kafka): Promise<readonly string[]> {
  const ending = deadLetterTopicOf('')
  const admin = kafka.admin()
  await admin.connect()
  try {
    const topics = await admin.listTopics()
    return topics
      .filter((topic) => topic.endsWith(ending))
      .map((topic) => topic.slice(0, -ending.length))
      .toSorted()
  } finally {
    await admin.disconnect()
  }
}

/** Reads all committed letters of a topic that lie there now, partition by partition in order. */
export async function readLetters(kafka: Kafka, topic: string): Promise<readonly FoundLetter[]> {
  const source = deadLetterTopicOf(topic)
  const ends = await endsOf(kafka, source)
  const open = new Map([...ends].filter(([, { low, high }]) => low < high))
  const records: Found[] = []
  if (open.size === 0) return []
  const consumer = kafka.consumer({
    groupId: `dlq-read-${crypto.randomUUID()}`,
    readUncommitted: false,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 100,
  })
  const whole = Promise.withResolvers<void>()
  const passed = (partition: number, last: string) => {
    if (BigInt(last) + 1n >= (open.get(partition)?.high ?? 0n)) open.delete(partition)
    if (open.size === 0) whole.resolve()
  }
  // Also says when a batch held nothing but markers of transactions.
  consumer.on('consumer.end_batch_process', ({ payload }) =>
    passed(payload.partition, payload.lastOffset),
  )
  const tooLate = new AbortController()
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [source], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        const { offset, timestamp, key, value, headers = {} } = message
        records.push({ partition, offset, timestamp, key, value, headers })
      },
    })
    const timeout = delay(READ_TIMEOUT_MS, undefined, { signal: tooLate.signal }).then(() => {
      throw new DlqError(`${source} could not be read to its end in ${READ_TIMEOUT_MS} ms`)
    })
    await Promise.race([whole.promise, timeout])
  } finally {
    tooLate.abort()
    await consumer.disconnect()
  }
  return lettersIn(records)
}

export type Replayed = { readonly replayed: number; readonly before: number }

type ReplayOptions = {
  readonly chosen: (letter: FoundLetter) => boolean
  /** Whether letters that went back before go again. */
  readonly again: boolean
  readonly dryRun: boolean
}

/**
 * Sends letters back to where they came from: key, value and the headers they had, to the partition they had, in order.
 * Records and the notes that they were sent (records of the dead letter topic, which keeps them for ever) are one
 * transaction, so a letter goes back once, whatever crashes and however often this is called. A second replay at the
 * same time fences the first, which throws and may be repeated.
 */
export async function replayLetters(
  kafka: Kafka,
  topic: string,
  { chosen, again, dryRun }: ReplayOptions,
): Promise<Replayed> {
  const plan = (letters: readonly FoundLetter[]) => letters.filter(chosen)
  const isDue = (letter: FoundLetter) => again || !letter.replayed
  const seen = plan(await readLetters(kafka, topic))
  const producers = new Map<number, Producer>()
  try {
    if (!dryRun) {
      for (const { partition } of seen) {
        if (!producers.has(partition))
          producers.set(partition, await fence(kafka, topic, partition))
      }
    }
    // Read behind the fence: what an earlier replay had begun is decided now.
    const letters = dryRun ? seen : plan(await readLetters(kafka, topic))
    for (const [partition, producer] of producers) {
      const due = letters.filter((letter) => letter.partition === partition && isDue(letter))
      for (let at = 0; at < due.length; at += LETTERS_A_TRANSACTION) {
        await sendBack(producer, topic, due.slice(at, at + LETTERS_A_TRANSACTION))
      }
    }
    const replayed = letters.filter(isDue).length
    return { replayed, before: letters.length - replayed }
  } finally {
    for (const producer of producers.values()) await discard(producer)
  }
}

async function fence(kafka: Kafka, topic: string, partition: number): Promise<Producer> {
  const options = { kafka, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }
  const producer = await openProducer(options, `dlq-replay-${topic}-${partition}`)
  try {
    await (await producer.transaction()).abort()
    return producer
  } catch (error) {
    await discard(producer)
    throw error
  }
}

async function sendBack(
  producer: Producer,
  topic: string,
  letters: readonly FoundLetter[],
): Promise<void> {
  const transaction = await producer.transaction()
  try {
    for (const letter of letters) {
      const { key, value, partition, offset } = letter
      const origin = Number(headerOf(letter, 'dead-letter-partition'))
      const headers = originHeaders(letter.headers)
      const record = { key, value, headers, partition: origin }
      const note = { key: null, value: null, headers: { [NOTE]: offset }, partition }
      await transaction.send({ topic, ...durableSend, messages: [record] })
      await transaction.send({ topic: deadLetterTopicOf(topic), ...durableSend, messages: [note] })
    }
    await transaction.commit()
  } catch (error) {
    if (transaction.isActive()) await transaction.abort().catch(() => undefined)
    throw error
  }
}

function headerOf({ headers }: Pick<FoundLetter, 'headers'>, name: string): string {
  return headers[name]?.toString() ?? ''
}

/** What the record had before it was written aside. */
function originHeaders(headers: IHeaders): IHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ours.test(name)))
}

/** Letters in order, without the notes about them. */
function lettersIn(records: readonly Found[]): readonly FoundLetter[] {
  const placeOf = (partition: number, offset: string) => `${partition} ${offset}`
  const notes = records.filter(({ headers }) => NOTE in headers)
  const sent = new Set(notes.map((note) => placeOf(note.partition, headerOf(note, NOTE))))
  return records
    .filter(({ headers }) => !(NOTE in headers))
    .map((record) => ({
      ...record,
      reason: headerOf(record, 'dead-letter-reason') || 'unknown',
      replayed: sent.has(placeOf(record.partition, record.offset)),
    }))
    .toSorted((left, right) => left.partition - right.partition || compare(left, right))
}

async function endsOf(kafka: Kafka, topic: string) {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const topics = await admin.listTopics()
    if (!topics.includes(topic)) throw new DlqError(`there is no topic ${topic}`)
    const ends = await admin.fetchTopicOffsets(topic)
    return new Map(
      ends.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]),
    )
  } finally {
    await admin.disconnect()
  }
}

const compare = (left: FoundLetter, right: FoundLetter): number =>
  BigInt(left.offset) < BigInt(right.offset) ? -1 : 1
