import { zstdCompressSync } from 'node:zlib'
import { Reader, readRecordsBatches } from '@platformatic/kafka'
import {
  attributesOf,
  lz4Bomb,
  writtenBatch,
  writtenRecords,
} from '@tenseams/kafka/fetch/testing/written-batch'
import { beforeAll, expect, test } from 'vitest'
import { boundDecompression } from './decompression.ts'
import { PartitionLog } from './log-reader.ts'

beforeAll(boundDecompression)

const TRANSACTIONAL = 16
const good = (firstOffset: bigint, text: string) =>
  writtenBatch({
    ...{ firstOffset, attributes: attributesOf.zstd },
    payload: zstdCompressSync(writtenRecords([Buffer.from(text)])),
  })

test.each([
  ['would become 200 MB', attributesOf.zstd, zstdCompressSync(Buffer.alloc(200_000_000))],
  ['would become 200 MB, as LZ4', attributesOf.lz4, lz4Bomb(200_000_000)],
  ['is garbage', attributesOf.snappy, Buffer.from('garbage')],
])('a batch that %s blinds the audit for its own records only', (_, codec, payload) => {
  const poison = writtenBatch({ firstOffset: 1n, count: 5, attributes: codec, payload })
  const bytes = Buffer.concat([good(0n, 'a'), poison, good(6n, 'b')])
  const log = new PartitionLog('orders', 0)
  const read = log.take(readRecordsBatches(Reader.from(bytes)) as never)
  expect(read.map(({ offset, value, fate }) => [offset, String(value), fate])).toEqual([
    [0n, 'a', 'committed'],
    [1n, '', 'committed'],
    [6n, 'b', 'committed'],
  ])
  expect(log.next).toBe(7n)
})

test('and one of a transaction is what its marker says', () => {
  const payload = Buffer.from('garbage')
  const attributes = attributesOf.zstd | TRANSACTIONAL
  const bytes = writtenBatch({ firstOffset: 1n, count: 2, attributes, payload })
  const log = new PartitionLog('orders', 0)
  expect(log.take(readRecordsBatches(Reader.from(bytes)) as never)).toEqual([])
  expect(log.open()).toMatchObject([{ offset: 1n, fate: 'open' }])
})
