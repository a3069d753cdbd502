const C1 = 0xcc9e2d51
const C2 = 0x1b873593

/**
 * Murmur3, 32 bit, x86 variant, seed 0: the hash of Iceberg's bucket transform (spec, appendix B). A signed int.
 */
export function murmur3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length - (bytes.length % 4)
  let hash = 0
  for (let index = 0; index < whole; index += 4) {
    hash = rotate(hash ^ mix(view.getUint32(index, true)), 13)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let index = bytes.length - 1; index >= whole; index--) {
    tail = (tail << 8) | view.getUint8(index)
  }
  if (bytes.length > whole) hash ^= mix(tail)
  return finish(hash ^ bytes.length)
}

function mix(word: number): number {
  return Math.imul(rotate(Math.imul(word, C1), 15), C2)
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
