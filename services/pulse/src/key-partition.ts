/**
 * The partition that Kafka's default partitioner gives a key: Murmur2 of its bytes, without the sign, modulo the number of
 * partitions. Connect's producer, which sends the events, uses it.
 */
export function partitionOfKey(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
}

const MULTIPLIER = 0x5bd1e995
const SEED = 0x9747b28c

/** As `org.apache.kafka.common.utils.Utils.murmur2`: a signed 32-bit integer. */
export function murmur2(bytes: Buffer): number {
  let hash = SEED ^ bytes.length
  const whole = bytes.length - (bytes.length % 4)
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MULTIPLIER)
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  for (let at = bytes.length - 1; at >= whole; at -= 1)
    hash ^= byteAt(bytes, at) << (8 * (at - whole))
  if (bytes.length > whole) hash = Math.imul(hash, MULTIPLIER)
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}

const byteAt = (bytes: Buffer, at: number): number => bytes[at] ?? 0
