import type { Message } from 'kafkajs'
import type { ConsumedRecord } from './consume.ts'
import { type DeadLetter, deadLetterTopicOf, letterMessage } from './dead-letter.ts'
import { judgeFailure } from './failure.ts'

/** A record to be written, and where. */
export type ProducedRecord = Message & { readonly topic: string }

export type Transform = (
  record: ConsumedRecord,
) => Promise<readonly ProducedRecord[]> | readonly ProducedRecord[]

/** What one transaction will hold. */
export type Chunk = {
  readonly produced: readonly ProducedRecord[]
  readonly letters: readonly DeadLetter[]
  /** How many of the records it covers, from the first. */
  readonly covered: number
  /** Why the record after those cannot be transformed yet. */
  readonly wait: { readonly delayMs: number; readonly error: unknown } | undefined
}

export type ChunkBounds = {
  readonly maxRecords: number
  readonly maxBytes: number
  readonly maxMs: number
}

type Gathering = {
  readonly groupId: string
  readonly transform: Transform
  readonly bounds: ChunkBounds
  /** How often the first record has failed before. */
  readonly failures: number
}

/** A transformed record is larger than a transaction's share of one broker request. It will never fit. */
export class OutputTooLargeError extends Error {
  readonly code = 'OUTPUT_TOO_LARGE'
  readonly retriable = false
}

/**
 * Transforms records until a bound is reached, before any transaction is open, so that a slow transform holds no
 * reader back. A record that cannot be used becomes a dead letter; one whose outside is broken ends the chunk.
 */
export async function gather(
  records: readonly ConsumedRecord[],
  { groupId, transform, bounds, failures }: Gathering,
): Promise<Chunk> {
  const until = performance.now() + bounds.maxMs
  const produced: ProducedRecord[] = []
  const letters: DeadLetter[] = []
  let bytes = 0
  let covered = 0
  for (const record of records) {
    if (covered === bounds.maxRecords || (covered > 0 && performance.now() > until)) break
    try {
      const outputs = await transform(record)
      const size = outputs.reduce((sum, output) => sum + sizeOf(output), 0)
      if (size > bounds.maxBytes) throw new OutputTooLargeError(`${size} bytes for one record`)
      if (bytes + size > bounds.maxBytes) break
      bytes += size
      produced.push(...outputs)
    } catch (error) {
      const verdict = judgeFailure(error, (covered === 0 ? failures : 0) + 1)
      if (verdict.kind === 'wait') {
        return { produced, letters, covered, wait: { delayMs: verdict.delayMs, error } }
      }
      const { reason, detail, stack } = verdict
      letters.push({ ...record, reason, detail, stack, groupId })
    }
    covered += 1
  }
  return { produced, letters, covered, wait: undefined }
}

/** Messages by topic, in the order in which they were given. */
export function messagesByTopic({ produced, letters }: Chunk): ReadonlyMap<string, Message[]> {
  const byTopic = new Map<string, Message[]>()
  const add = (topic: string, message: Message) => {
    const known = byTopic.get(topic)
    if (known === undefined) byTopic.set(topic, [message])
    else known.push(message)
  }
  for (const { topic, ...message } of produced) add(topic, message)
  for (const letter of letters) add(deadLetterTopicOf(letter.topic), letterMessage(letter))
  return byTopic
}

function sizeOf({ key, value }: Message): number {
  return Buffer.byteLength(key ?? '') + Buffer.byteLength(value ?? '') + 100
}
