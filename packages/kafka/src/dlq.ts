import { withTimeout } from '@tenseams/service/timeout'
import type { IHeaders, Kafka, Producer } from 'kafkajs'
import { deadLetterTopicOf } from './dead-letter.ts'
import { isNote, NOTE, originIn, type ReadOrigin } from './origin.ts'
import { openFencedProducer } from './ownership.ts'
import { discard, durableSend } from './producer.ts'

/** A dead letter as it is stored in its topic. */
export type FoundDeadLetter = {
  readonly partition: number
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: IHeaders
  readonly reason: string
  readonly origin: ReadOrigin
  /** Whether it was sent back to its origin topic. */
  readonly replayed: boolean
}

type Found = Omit<FoundDeadLetter, 'reason' | 'origin' | 'replayed'>

export class DlqError extends Error {
  readonly code = 'DLQ'
  readonly retriable = false
}

const ours = /^dead-letter-(?:reason|detail|stack|topic|partition|offset|last-offset|group)$/
const RECORDS_PER_TRANSACTION = 100
const READ_TIMEOUT_MS = 60_000
const TRANSACTION_TIMEOUT_MS = 30_000

/** The origin topics that have a dead letter topic. */
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

/** Reads all dead letters of a topic that are committed now, partition by partition in order. */
export async function readDeadLetters(
  kafka: Kafka,
  topic: string,
): Promise<readonly FoundDeadLetter[]> {
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
  // This event also comes for a batch that held nothing but transaction markers.
  consumer.on('consumer.end_batch_process', ({ payload }) =>
    passed(payload.partition, payload.lastOffset),
  )
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
    const late = () =>
      new DlqError(`${source} could not be read to its end in ${READ_TIMEOUT_MS} ms`)
    await withTimeout(whole.promise, READ_TIMEOUT_MS, late)
  } finally {
    await consumer.disconnect()
  }
  return deadLettersIn(records, topic)
}

export type Replayed = {
  readonly replayed: number
  readonly before: number
  /** Those that cannot be sent back, and why. */
  readonly kept: readonly { readonly deadLetter: FoundDeadLetter; readonly why: string }[]
}

type ReplayOptions = {
  readonly chosen: (deadLetter: FoundDeadLetter) => boolean
  /** Whether to send also those that were sent back before. */
  readonly again: boolean
  readonly dryRun: boolean
}

/**
 * Sends dead letters back to their origin topics: the original key, value and headers, to the original partition, in
 * order. The records and the notes that they were sent (records of the dead letter topic, which keeps them for ever) are
 * written in one transaction, so a dead letter is sent back once, whatever crashes and however often this is called. One
 * that does not name a partition of the topic, or stands for a batch that could not be read, stays where it is. A second
 * replay at the same time fences the first, which throws and may be repeated.
 */
export async function replayDeadLetters(
  kafka: Kafka,
  topic: string,
  { chosen, again, dryRun }: ReplayOptions,
): Promise<Replayed> {
  const readChosen = async () => (await readDeadLetters(kafka, topic)).filter(chosen)
  const partitions = await partitionsOf(kafka, topic)
  const isDue = (one: FoundDeadLetter) =>
    (again || !one.replayed) && whyNot(one, partitions) === undefined
  const counted = (found: readonly FoundDeadLetter[]) => {
    const replayed = found.filter(isDue).length
    const kept = found.flatMap((deadLetter) => {
      const why = whyNot(deadLetter, partitions)
      return why === undefined ? [] : [{ deadLetter, why }]
    })
    return { replayed, before: found.length - replayed - kept.length, kept }
  }
  const seen = await readChosen()
  if (dryRun) return counted(seen)
  const producers = new Map<number, Producer>()
  try {
    for (const partition of new Set(seen.filter(isDue).map((one) => one.partition))) {
      producers.set(partition, await openFenced(kafka, topic, partition))
    }
    // Read again behind the fence: the transaction of an earlier replay is decided now.
    const found = await readChosen()
    for (const [partition, producer] of producers) {
      const due = found.filter((one) => one.partition === partition && isDue(one))
      for (let at = 0; at < due.length; at += RECORDS_PER_TRANSACTION) {
        await sendBack(producer, topic, due.slice(at, at + RECORDS_PER_TRANSACTION))
      }
    }
    return counted(found)
  } finally {
    for (const producer of producers.values()) await discard(producer)
  }
}

async function openFenced(kafka: Kafka, topic: string, partition: number): Promise<Producer> {
  const options = { kafka, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }
  const id = `dlq-replay-${topic}-${partition}`
  const { producer } = await openFencedProducer(options, id, async () => undefined)
  return producer
}

async function sendBack(
  producer: Producer,
  topic: string,
  found: readonly FoundDeadLetter[],
): Promise<void> {
  const transaction = await producer.transaction()
  try {
    for (const one of found) {
      const { key, value, partition, offset } = one
      const record = { key, value, headers: originHeaders(one.headers), partition: targetOf(one) }
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

/** Why a dead letter cannot be sent back; undefined when it can. */
function whyNot({ origin }: FoundDeadLetter, partitions: number): string | undefined {
  if (origin.kind === 'malformed') return origin.why
  if (origin.kind === 'batch') return 'a batch that could not be read: write its records again'
  return origin.origin.partition < partitions
    ? undefined
    : `its topic has no partition ${origin.origin.partition}`
}

function targetOf({ origin }: FoundDeadLetter): number {
  if (origin.kind !== 'record') throw new Error('a dead letter without a record is not sent back')
  return origin.origin.partition
}

function headerOf({ headers }: Pick<FoundDeadLetter, 'headers'>, name: string): string {
  return headers[name]?.toString() ?? ''
}

/** The headers that the record had before it was dead-lettered. */
function originHeaders(headers: IHeaders): IHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ours.test(name)))
}

/** The dead letters in order, without the notes about them. */
/** What the records of a dead letter topic say; the reasons are for a terminal, as in `linesOf`. */
export function deadLettersIn(
  records: readonly Found[],
  topic: string,
): readonly FoundDeadLetter[] {
  const keyOf = (partition: number, offset: string) => `${partition} ${offset}`
  const notes = records.filter(({ headers }) => isNote(headers))
  const sent = new Set(notes.map((note) => keyOf(note.partition, headerOf(note, NOTE))))
  return records
    .filter(({ headers }) => !isNote(headers))
    .map((record) => ({
      ...record,
      reason: printable(headerOf(record, 'dead-letter-reason') || 'unknown'),
      origin: originIn(record.headers, topic),
      replayed: sent.has(keyOf(record.partition, record.offset)),
    }))
    .toSorted((left, right) => left.partition - right.partition || compare(left, right))
}

async function partitionsOf(kafka: Kafka, topic: string): Promise<number> {
  return (await endsOf(kafka, topic)).size
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

const compare = (left: FoundDeadLetter, right: FoundDeadLetter): number =>
  BigInt(left.offset) < BigInt(right.offset) ? -1 : 1

/** For a terminal: anybody may write to the topic, so nothing of it is shown as it is. */
export function linesOf({
  timestamp,
  key,
  headers,
}: Pick<FoundDeadLetter, 'timestamp' | 'key' | 'headers'>): readonly string[] {
  const time = new Date(Number(timestamp))
  const shown = Number.isNaN(time.getTime()) ? `${timestamp} ms since 1970` : time.toISOString()
  const entries = Object.entries(headers).map(([name, value]) => [name, value?.toString() ?? ''])
  return [['dead-lettered', shown], ['key', key?.toString() ?? 'none'], ...entries].map(
    ([name = '', value = '']) => `${printable(name)}  ${printable(value)}`,
  )
}

/** Control characters as escapes; line feeds and tabs stay, as a stack has them. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{C}\n\t]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
}
