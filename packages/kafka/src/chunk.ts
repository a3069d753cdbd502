import type { Message } from 'kafkajs'
import {
  type DeadLetter,
  deadLetterMessage,
  deadLetterOf,
  deadLetterTopicOf,
  withoutBytes,
} from './dead-letter.ts'
import type { Verdict } from './failure.ts'
import type { ConsumedRecord } from './record.ts'
import { mostAtOnce, type Refusals } from './refusals.ts'

/** A record to be written, and its topic. */
export type ProducedRecord = Message & { readonly topic: string }

export type Transform = (
  record: ConsumedRecord,
) => Promise<readonly ProducedRecord[]> | readonly ProducedRecord[]

type Waiting = Extract<Verdict, { readonly kind: 'wait' }>

/** What one transaction is going to write. */
export type Chunk = {
  readonly produced: readonly ProducedRecord[]
  readonly deadLetters: readonly DeadLetter[]
  /** How many of the records it covers, from the first. */
  readonly covered: number
  /** Why the record after those cannot be transformed yet. */
  readonly wait: { readonly verdict: Waiting; readonly error: unknown } | undefined
}

export type ChunkBounds = {
  readonly maxRecords: number
  readonly maxBytes: number
  readonly maxMs: number
}

export type ChunkPlanning = {
  readonly groupId: string
  readonly transform: Transform
  readonly bounds: ChunkBounds
  /** What to do with a record whose transform failed. */
  readonly judge: (record: ConsumedRecord, error: unknown) => Verdict
  /** What the broker has refused before. */
  readonly refusals: Refusals
}

/** A transformed record is larger than a transaction's share of one broker request. It will never fit. */
export class OutputTooLargeError extends Error {
  readonly code = 'OUTPUT_TOO_LARGE'
  readonly retriable = false
}

/**
 * Plans a transaction: transforms records until a bound is reached. No transaction is open meanwhile, so a slow
 * transform delays no reader. A record that cannot be used becomes a dead letter, as does one whose output the broker
 * has refused. A record whose dependency is unavailable ends the chunk before it. After a refusal half as
 * many of the suspects are planned at once, until a refusal names its record.
 */
export async function planChunk(
  records: readonly ConsumedRecord[],
  { groupId, transform, bounds, judge, refusals }: ChunkPlanning,
): Promise<Chunk> {
  const until = performance.now() + bounds.maxMs
  const maxRecords = mostAtOnce(refusals, records[0], bounds.maxRecords)
  const produced: ProducedRecord[] = []
  const deadLetters: DeadLetter[] = []
  let bytes = 0
  let covered = 0
  for (const record of records) {
    if (covered === maxRecords || (covered > 0 && performance.now() > until)) break
    try {
      if (record.unreadable !== undefined) throw record.unreadable
      if (record.offset === refusals.refused?.offset) throw refusals.refused.error
      const outputs = await transform(record)
      const size = outputs.reduce((sum, output) => sum + sizeOf(output), 0)
      if (size > bounds.maxBytes) throw new OutputTooLargeError(`${size} bytes for one record`)
      if (bytes + size > bounds.maxBytes) break
      bytes += size
      produced.push(...outputs)
    } catch (error) {
      const verdict = judge(record, error)
      if (verdict.kind === 'wait') {
        return { produced, deadLetters, covered, wait: { verdict, error } }
      }
      const deadLetter = deadLetterOf(record, verdict, groupId)
      const isTooLarge = record.offset === refusals.refused?.offset && refusals.refused.asDeadLetter
      deadLetters.push(isTooLarge ? withoutBytes(deadLetter) : deadLetter)
    }
    covered += 1
  }
  return { produced, deadLetters, covered, wait: undefined }
}

/** Messages by topic, in the order in which they were given. */
export function messagesByTopic({ produced, deadLetters }: Chunk): ReadonlyMap<string, Message[]> {
  const byTopic = new Map<string, Message[]>()
  const add = (topic: string, message: Message) => {
    const known = byTopic.get(topic)
    if (known === undefined) byTopic.set(topic, [message])
    else known.push(message)
  }
  for (const { topic, ...message } of produced) add(topic, message)
  for (const one of deadLetters) add(deadLetterTopicOf(one.topic), deadLetterMessage(one))
  return byTopic
}

function sizeOf({ key, value }: Message): number {
  return Buffer.byteLength(key ?? '') + Buffer.byteLength(value ?? '') + 100
}
