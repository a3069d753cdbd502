import type { KafkaMessage } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { chunkOf, fetchBounds, heldBytes } from './fetched.ts'

const message = (offset: number): KafkaMessage => ({
  ...{ key: Buffer.alloc(10), value: Buffer.alloc(90), timestamp: '0', attributes: 0, headers: {} },
  offset: String(offset),
})
const messages = [message(5), message(6), message(8)]
const span = { start: 4n, end: 11n }
const size = heldBytes(message(0))
const enough = { rows: 10, bytes: 10 * size }

describe('the chunk taken from a batch', () => {
  it('is all of it, up to the end of the fetch, when there is room', () => {
    expect(chunkOf(messages, span, enough)).toEqual({ span, messages, bytes: 3 * size })
  })

  it('ends after the last record that fits, where the next fetch begins', () => {
    const chunk = { span: { start: 4n, end: 7n }, messages: messages.slice(0, 2) }
    expect(chunkOf(messages, span, { ...enough, rows: 2 })).toMatchObject(chunk)
    expect(chunkOf(messages, span, { ...enough, bytes: 3 * size - 1 })).toMatchObject(chunk)
  })

  it('is nothing when the first record does not fit', () => {
    expect(chunkOf(messages, span, { ...enough, rows: 0 })).toBeUndefined()
    expect(chunkOf(messages, span, { ...enough, bytes: size - 1 })).toBeUndefined()
  })
})

describe('the size of a fetch', () => {
  it('is a small part of what may be held, within limits', () => {
    const kib = 1_024
    const bounds = [kib, 8 * kib, 256 * kib].map((size) => fetchBounds(size * kib))
    expect(bounds).toEqual([
      { maxBytesPerPartition: 64 * kib, maxBytes: 512 * kib },
      { maxBytesPerPartition: 128 * kib, maxBytes: 1_024 * kib },
      { maxBytesPerPartition: 1_024 * kib, maxBytes: 8 * 1_024 * kib },
    ])
  })
})
