import type { IHeaders, Kafka, Message } from 'kafkajs'
import { DurableProducer } from './producer.ts'

/** A record that its reader cannot use, as it was read, and why. */
export type DeadLetter = {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: IHeaders
  /** The error's stable code, lower case with dashes, for grouping. */
  readonly reason: string
  /** What a person needs to know; no personal data. */
  readonly detail: string
  /** Where the error was thrown, without messages; left out by readers that have only one such line. */
  readonly stack?: string
  readonly groupId: string
}

export const deadLetterTopicOf = (topic: string): string => `${topic}.dead-letter`

/** The record in the dead letter topic: key, value and headers unchanged, and headers that name the origin. */
export function deadLetterMessage(deadLetter: DeadLetter): Message {
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

  /** Resolves when all in-sync replicas hold the record. Errors of the broker are thrown and may be retried. */
  async write(deadLetter: DeadLetter): Promise<void> {
    const messages = [deadLetterMessage(deadLetter)]
    await this.#producer.send(deadLetterTopicOf(deadLetter.topic), messages)
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}
