import type { KafkaMessage } from 'kafkajs'

export type UnreadableBatch = {
  readonly firstOffset: string
  readonly lastOffset: string
  readonly codec: string
  /** The batch's records as they are in the log; null when they are too large for a dead letter. */
  readonly bytes: Buffer | null
}

/**
 * A batch of the log cannot be decompressed, or is larger than its reader allows, or its records cannot be parsed. That is
 * its writer's fault: a retry would meet the same bytes.
 */
export class UnreadableBatchError extends Error implements UnreadableBatch {
  readonly code = 'UNREADABLE_BATCH'
  readonly retriable = false
  readonly firstOffset: string
  readonly lastOffset: string
  readonly codec: string
  readonly bytes: Buffer | null

  constructor(why: string, batch: UnreadableBatch, options?: ErrorOptions) {
    const { firstOffset, lastOffset, codec, bytes } = batch
    super(`offsets ${firstOffset} to ${lastOffset}, ${codec}: ${why}`, options)
    this.firstOffset = firstOffset
    this.lastOffset = lastOffset
    this.codec = codec
    this.bytes = bytes
  }
}

/** By the message that stands for the batch, since kafkajs has no place for an error. */
const unreadable = new WeakMap<object, UnreadableBatchError>()

export function markUnreadable(message: object, error: UnreadableBatchError): void {
  unreadable.set(message, error)
}

/** The batch that a message stands for; undefined for a message that is itself. */
export function unreadableBatchOf(message: KafkaMessage): UnreadableBatchError | undefined {
  return unreadable.get(message)
}
