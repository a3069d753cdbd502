import type { IHeaders, Kafka, Message } from 'kafkajs'
import { DurableProducer } from './producer.ts'

/** A record that its reader cannot use, as it was read. */
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
  /** Where it was thrown, without messages; left out by readers that know the place anyway. */
  readonly stack?: string
  readonly groupId: string
}

export const deadLetterTopicOf = (topic: string): string => `${topic}.dead-letter`

/** The record that lies in the dead letter topic: key, value and headers untouched, and where they come from. */
export function letterMessage(letter: DeadLetter): Message {
  return {
    key: letter.key,
    value: letter.value,
    headers: {
      ...letter.headers,
      'dead-letter-reason': letter.reason,
      'dead-letter-detail': letter.detail,
      ...(letter.stack && { 'dead-letter-stack': letter.stack }),
      'dead-letter-topic': letter.topic,
      'dead-letter-partition': String(letter.partition),
      'dead-letter-offset': letter.offset,
      'dead-letter-group': letter.groupId,
    },
  }
}

/**
 * Writes records aside, untouched, so that one of them never stops a partition. The reader passes a record's offset
 * only after `write` has returned; a crash between the two writes it aside twice, with the same origin headers.
 */
export class DeadLetters {
  readonly #producer: DurableProducer

  constructor(kafka: Kafka) {
    this.#producer = new DurableProducer({ kafka })
  }

  /** Resolves when all in-sync replicas hold the record. Errors of the broker are thrown and may be retried. */
  async write(letter: DeadLetter): Promise<void> {
    await this.#producer.send(deadLetterTopicOf(letter.topic), [letterMessage(letter)])
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}
