import { setTimeout as delay } from 'node:timers/promises'
import { durableSend } from '@tenseams/kafka/producer'
import type { Message, Producer } from 'kafkajs'

export type Load = {
  readonly topic: string
  readonly recordBytes: number
  /** Numbers of the records. */
  readonly first: number
  readonly count: number
}

const TICK_MS = 5
const BACKLOG_BATCH = 2_000
const SEQUENCE_BYTES = 4

/**
 * An open loop: each record has a time at which it is to be sent, whatever becomes of those before.
 *
 * @returns the share of the offered rate that was achieved. All is acknowledged by then.
 */
export async function pace(
  producer: Producer,
  load: Load,
  recordsPerSecond: number,
): Promise<number> {
  const begun = performance.now()
  const intendedAt = (index: number) => begun + (index * 1_000) / recordsPerSecond
  const pending: Promise<unknown>[] = []
  let sent = 0
  while (sent < load.count) {
    const passedMs = performance.now() - begun
    const due = Math.min(load.count, Math.floor((passedMs * recordsPerSecond) / 1_000) + 1)
    if (due > sent) {
      const messages = messagesOf(load, sent, due, intendedAt)
      pending.push(producer.send({ topic: load.topic, ...durableSend, messages }))
      sent = due
    }
    if (sent < load.count) await delay(TICK_MS)
  }
  const sentMs = performance.now() - begun
  await Promise.all(pending)
  return Math.min(1, (load.count * 1_000) / recordsPerSecond / sentMs)
}

/** All of it, as fast as it goes. */
export async function pile(producer: Producer, load: Load): Promise<void> {
  for (let sent = 0; sent < load.count; sent += BACKLOG_BATCH) {
    const until = Math.min(load.count, sent + BACKLOG_BATCH)
    const messages = messagesOf(load, sent, until, () => performance.now())
    await producer.send({ topic: load.topic, ...durableSend, messages })
  }
}

function messagesOf(
  load: Load,
  from: number,
  until: number,
  intendedAt: (index: number) => number,
): Message[] {
  return Array.from({ length: until - from }, (_, index) => {
    const sequence = load.first + from + index
    return {
      key: `0198c0de-0000-7000-8000-${String(sequence).padStart(12, '0')}`,
      value: payloadOf(sequence, intendedAt(from + index), load.recordBytes),
    }
  })
}

/** A record says which it is, and when it was to be sent. */
export function payloadOf(sequence: number, intendedAtMs: number, bytes: number): Buffer {
  const value = Buffer.alloc(bytes, 'tenseams')
  value.writeUInt32BE(sequence)
  value.writeDoubleBE(intendedAtMs, SEQUENCE_BYTES)
  return value
}

export function readPayload(value: Buffer): {
  readonly sequence: number
  readonly intendedAtMs: number
} {
  return { sequence: value.readUInt32BE(), intendedAtMs: value.readDoubleBE(SEQUENCE_BYTES) }
}
