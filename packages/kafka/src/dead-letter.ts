import type { IHeaders, Kafka, Message } from 'kafkajs'
import type { Verdict } from './failure.ts'
import { DurableProducer } from './producer.ts'
import type { ConsumedRecord } from './record.ts'
import { isRefused } from './refusals.ts'

/** A record that its reader cannot use, as it was read, and why. */
export type DeadLetter = {
  readonly topic: string
  readonly partition: number
  /** Of the record; of a batch that cannot be read, its first offset. */
  readonly offset: string
  readonly key: Buffer | null
  /** Of a batch that cannot be read, its bytes as they are in the log. */
  readonly value: Buffer | null
  readonly headers: IHeaders
  /** The error's stable code, lower case with dashes, for grouping. */
  readonly reason: string
  /** What a person needs to know; no personal data. */
  readonly detail: string
  /** Where the error was thrown, without messages; left out by readers that have only one such line. */
  readonly stack?: string
  readonly groupId: string
  /** Set for a batch that cannot be read: all records from `offset` to this one. */
  readonly lastOffset?: string
}

export const deadLetterTopicOf = (topic: string): string => `${topic}.dead-letter`

/** The dead letter of a record, or of all records of a batch that cannot be read. */
export function deadLetterOf(
  {
    topic,
    partition,
    offset,
    key,
    value,
    headers,
    unreadable,
  }: Omit<ConsumedRecord, 'timestampMs'>,
  { reason, detail, stack }: Extract<Verdict, { readonly kind: 'dead-letter' }>,
  groupId: string,
): DeadLetter {
  const why = { reason, detail, stack, groupId }
  if (unreadable === undefined) return { topic, partition, offset, key, value, headers, ...why }
  const { firstOffset, lastOffset, bytes } = unreadable
  const batch = { offset: firstOffset, lastOffset, key: null, value: bytes, headers: {} }
  return { topic, partition, ...batch, ...why }
}

/** For a dead letter that is too large with the record's bytes: they are still at the place that its headers name. */
export function withoutBytes(deadLetter: DeadLetter): DeadLetter {
  const detail = `${deadLetter.detail}; too large for its dead letter topic: its bytes are left in ${deadLetter.topic}`
  return { ...deadLetter, key: null, value: null, headers: {}, detail }
}

/** The record in the dead letter topic: key, value and headers unchanged, and headers that name the origin. */
export function deadLetterMessage(deadLetter: DeadLetter): Message {
  const { lastOffset } = deadLetter
  return {
    key: deadLetter.key,
    value: deadLetter.value,
    headers: {
      ...deadLetter.headers,
      'dead-letter-reason': deadLetter.reason,
      'dead-letter-detail': deadLetter.detail,
      ...(deadLetter.stack && { 'dead-letter-stack': deadLetter.stack }),
      'dead-letter-topic': deadLetter.topic,
      'dead-letter-partition': String(deadLetter.partition),
      'dead-letter-offset': deadLetter.offset,
      ...(lastOffset !== undefined && { 'dead-letter-last-offset': lastOffset }),
      'dead-letter-group': deadLetter.groupId,
    },
  }
}

/**
 * Writes dead letters, so that a record that cannot be used never stops its partition. The reader commits the record's
 * offset only after `write` has returned. A crash between the two writes the dead letter twice, with equal origin headers.
 */
export class DeadLetters {
  readonly #producer: DurableProducer

  constructor(kafka: Kafka) {
    this.#producer = new DurableProducer({ kafka })
  }

  /**
   * Resolves when all in-sync replicas hold the record. One that the broker refuses, because its headers have made it too
   * large, is written without the record's bytes. Other errors of the broker are thrown and may be retried.
   */
  async write(deadLetter: DeadLetter): Promise<void> {
    try {
      await this.#send(deadLetter)
    } catch (error) {
      if (!isRefused(error)) throw error
      await this.#send(withoutBytes(deadLetter))
    }
  }

  close(): Promise<void> {
    return this.#producer.close()
  }

  async #send(deadLetter: DeadLetter): Promise<void> {
    const messages = [deadLetterMessage(deadLetter)]
    await this.#producer.send(deadLetterTopicOf(deadLetter.topic), messages)
  }
}
