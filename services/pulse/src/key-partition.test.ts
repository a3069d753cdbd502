import { expect, test } from 'vitest'
import { partitionOfKey } from './key-partition.ts'

test.each([
  // Hashes from Kafka's own UtilsTest. The partition is the hash without its sign, modulo the number of partitions.
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('%s has the partition that Kafka gives it', (key, hash) => {
  for (const partitions of [1, 4, 97, 1_000]) {
    expect(partitionOfKey(key, partitions)).toBe((hash & 0x7fffffff) % partitions)
  }
})
