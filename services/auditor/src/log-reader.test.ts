import { describe, expect, test } from 'vitest'
import { type Batch, type LogRecord, PartitionLog } from './log-reader.ts'

const TRANSACTIONAL = 16
const CONTROL = 32

const batch = (firstOffset: bigint, producerId: bigint, attributes: number, count = 1): Batch => ({
  ...{ firstOffset, producerId, attributes, lastOffsetDelta: count - 1, firstTimestamp: 5n },
  records: Array.from({ length: count }, (_, offsetDelta) => ({
    ...{ offsetDelta, timestampDelta: 0n, key: Buffer.from('k'), value: Buffer.from('v') },
    headers: [],
  })),
})

/** What ends a transaction: 0 aborts, 1 commits. */
function marker(firstOffset: bigint, producerId: bigint, type: 0 | 1): Batch {
  const [record] = batch(firstOffset, producerId, 0).records
  if (record === undefined) throw new Error('a batch has a record')
  const records = [{ ...record, key: Buffer.of(0, 0, 0, type) }]
  return { ...batch(firstOffset, producerId, TRANSACTIONAL | CONTROL), records }
}

const fates = (records: readonly LogRecord[]) =>
  records.map(({ offset, fate }) => `${offset} ${fate}`)

describe('a record’s fate', () => {
  test('is committed at once outside of transactions', () => {
    const log = new PartitionLog('t', 0)
    expect(fates(log.take([batch(0n, -1n, 0, 2)]))).toEqual(['0 committed', '1 committed'])
  })

  test('is what the next marker of its producer says, however transactions overlap', () => {
    const log = new PartitionLog('t', 0)
    const decided = log.take([
      batch(0n, 1n, TRANSACTIONAL),
      batch(1n, 2n, TRANSACTIONAL),
      marker(2n, 1n, 0),
      batch(3n, 1n, TRANSACTIONAL),
      marker(4n, 2n, 1),
      marker(5n, 1n, 1),
    ])
    expect(fates(decided)).toEqual(['0 aborted', '1 committed', '3 committed'])
    expect(log.open()).toEqual([])
  })

  test('is open until its marker comes, in this fetch or a later one', () => {
    const log = new PartitionLog('t', 0)
    expect(log.take([batch(0n, 1n, TRANSACTIONAL)])).toEqual([])
    expect(fates(log.open())).toEqual(['0 open'])
    expect(fates(log.take([marker(1n, 1n, 1)]))).toEqual(['0 committed'])
    expect(log.next).toBe(2n)
  })

  test('is told once, although a fetch begins with a batch that was read in part', () => {
    const log = new PartitionLog('t', 0)
    log.take([batch(0n, -1n, 0, 3)])
    expect(log.take([batch(0n, -1n, 0, 3)])).toEqual([])
    expect(fates(log.take([batch(2n, -1n, 0, 3)]))).toEqual(['3 committed', '4 committed'])
  })
})

test('a record that could not be handed over is handed over with the next', async () => {
  const log = new PartitionLog('t', 0)
  const taken: string[] = []
  const take = async (records: readonly LogRecord[]) => void taken.push(...fates(records))
  const fail = async () => Promise.reject(new Error('the registry is away'))
  await expect(log.handOver([batch(0n, -1n, 0, 2)], fail)).rejects.toThrow('away')
  await log.handOver([batch(2n, -1n, 0)], take)
  await log.handOver([], take)
  expect(taken).toEqual(['0 committed', '1 committed', '2 committed'])
})
