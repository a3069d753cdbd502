import { readFileSync } from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchBounds, decodeRecordBatch, type FetchedMessage } from './record-batch.ts'
import {
  attributesOf,
  lz4Bomb,
  snappyBomb,
  varint,
  type WrittenBatch,
  withoutPrefix,
  writtenBatch,
  writtenRecords,
} from './testing/written-batch.ts'
import { unreadableBatchOf } from './unreadable-batch.ts'

const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const

/** 40 records that Kafka's own Java classes have written and compressed. */
function javaBatch(codec: (typeof codecs)[number]): Buffer {
  const file = new URL(`cases/${codec}.base64`, import.meta.url)
  return Buffer.from(readFileSync(file, 'utf8'), 'base64')
}

const decoded = async (batch: WrittenBatch) =>
  (await decodeRecordBatch(batch.firstOffset ?? 0n, withoutPrefix(writtenBatch(batch)))).messages

const unreadableIn = (messages: readonly FetchedMessage[]) => {
  const [message] = messages
  if (messages.length !== 1 || message === undefined) return undefined
  return unreadableBatchOf(message as never)
}

const values = writtenRecords([Buffer.from('a'), Buffer.from('b')])

describe.each(codecs)('a batch that Java has compressed with %s', (codec) => {
  test('gives the records that Java has written', async () => {
    const batch = javaBatch(codec)
    const firstOffset = batch.readBigInt64BE(0)
    const { messages } = await decodeRecordBatch(firstOffset, withoutPrefix(batch))
    expect(messages).toHaveLength(40)
    for (const [index, message] of messages.entries()) {
      expect(message).toMatchObject({
        offset: String(5_000_000_000 + index),
        timestamp: String(1_700_000_000_000 + index * 1_000),
        key: index % 7 === 0 ? null : Buffer.from(`key ${index}`),
        value: index % 11 === 3 ? null : Buffer.from(`value ${index} `.repeat(1 + index * 20)),
        isControlRecord: false,
      })
      const [a, b] = [Buffer.from('a'), Buffer.from('b')]
      const trace = Buffer.from(`t${index}`)
      expect(message.headers).toEqual(
        index % 5 === 0 ? { trace, twice: [a, b], none: Buffer.alloc(0) } : {},
      )
    }
  })

  test('and that was damaged on its way is read or set aside, and nothing is thrown', async () => {
    const batch = javaBatch(codec)
    const damage = fc.array(fc.tuple(fc.nat(batch.length - 74), fc.nat(255)), {
      ...{ minLength: 1, maxLength: 8 },
    })
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(200), async (changes, cut) => {
        const damaged = Buffer.from(batch.subarray(0, batch.length - cut))
        for (const [at, byte] of changes) if (73 + at < damaged.length) damaged[73 + at] = byte
        const { messages } = await decodeRecordBatch(5_000_000_000n, withoutPrefix(damaged))
        expect([1, 40]).toContain(messages.length)
        expect(messages.at(-1)?.offset).toBe('5000000039')
      }),
      { numRuns: 100 },
    )
  })
})

describe('a batch that cannot be read', () => {
  test.each([
    ['gzip', gzipSync(Buffer.alloc(200_000_000))],
    ['zstd', zstdCompressSync(Buffer.alloc(200_000_000))],
    ['lz4', lz4Bomb(200_000_000)],
    ['snappy', snappyBomb(20_000_000)],
  ] as const)('would become 200 MB or more than is allowed: %s', async (codec, payload) => {
    const messages = await decoded({ attributes: attributesOf[codec], count: 5, payload })
    expect(unreadableIn(messages)).toMatchObject({
      ...{ firstOffset: '0', lastOffset: '4', codec, retriable: false },
      message: expect.stringContaining(`more than ${batchBounds.maxBytes} bytes`),
    })
  })

  test.each([
    ['garbage as gzip', { attributes: attributesOf.gzip, payload: Buffer.from('garbage') }],
    ['garbage as snappy', { attributes: attributesOf.snappy, payload: Buffer.from('garbage') }],
    ['garbage as lz4', { attributes: attributesOf.lz4, payload: Buffer.from('garbage') }],
    ['garbage as zstd', { attributes: attributesOf.zstd, payload: Buffer.from('garbage') }],
    ['a codec that nobody knows', { attributes: attributesOf.unknown, payload: values }],
    ['records that are no records', { payload: Buffer.from([200, 1, 2, 3]) }],
    ['fewer records than it says', { count: 3, payload: values }],
    ['more records than it says', { count: 1, lastOffsetDelta: 2, payload: values }],
    ['a negative length', { payload: varint(-5) }],
    ['too many records', { count: 2 ** 30, lastOffsetDelta: 2, payload: values }],
  ])('holds %s: its place is known, and its bytes are kept', async (_, batch) => {
    const [message] = await decoded({ firstOffset: 70n, lastOffsetDelta: 2, ...batch })
    expect(message).toMatchObject({ offset: '72', key: null, value: null, isControlRecord: false })
    expect(unreadableBatchOf(message as never)).toMatchObject({
      ...{ firstOffset: '70', lastOffset: '72', bytes: batch.payload },
    })
  })

  test('has a record with so many headers that it would take long to read them', async () => {
    const count = 500_000
    const headers = Buffer.alloc(2 * count, varint(0))
    const body = Buffer.concat([Buffer.from([0, 0, 0, 1, 1]), varint(count), headers])
    const payload = Buffer.concat([varint(body.length), body])
    const begun = performance.now()
    expect(unreadableIn(await decoded({ payload }))?.message).toContain('500000 headers')
    expect(performance.now() - begun).toBeLessThan(500)
  })

  test('is not kept when it is too large for a dead letter', async () => {
    const payload = Buffer.alloc(600_000, 255)
    expect(unreadableIn(await decoded({ payload }))).toMatchObject({ bytes: null })
  })
})

test('an empty batch, as compaction leaves it, hides its offsets', async () => {
  const messages = await decoded({ count: 0, lastOffsetDelta: 9, payload: Buffer.alloc(0) })
  expect(messages).toMatchObject([{ offset: '9', isControlRecord: true }])
})

test('random bytes after a batch’s header are read or set aside, at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(7),
      fc.integer({ min: -5, max: 2 ** 31 - 1 }),
      async (payload, attributes, count) => {
        const batch = { attributes, count, lastOffsetDelta: 3, payload: Buffer.from(payload) }
        const messages = await decoded(batch)
        expect(messages.length).toBeLessThanOrEqual(100)
        expect(messages.length).toBeGreaterThanOrEqual(1)
      },
    ),
    { numRuns: 500 },
  )
})
