import { expect, test } from 'vitest'
import { murmur2, partitionOfKey } from './key-partition.ts'

test.each([
  // From Kafka's own UtilsTest.
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('hashes %s as Kafka does', (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash)
})

test('a negative hash has a partition, too', () => {
  expect(partitionOfKey('foobar', 4)).toBe((-790332482 & 0x7fffffff) % 4)
})
