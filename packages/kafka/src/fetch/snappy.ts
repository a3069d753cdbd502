/**
 * Snappy, as Kafka's clients write it: Java's and its relatives in the frames of snappy-java (xerial), others as one bare
 * block. https://github.com/google/snappy/blob/main/format_description.txt
 */
import { Inflated } from './inflated.ts'

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const XERIAL_HEADER_BYTES = 16

/** @throws Error for malformed bytes, and for more than `maxBytes` of output, of which no more than that is made. */
export function inflateSnappy(bytes: Buffer, maxBytes: number): Buffer {
  const out = new Inflated(maxBytes)
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) {
    block(bytes, out)
    return out.bytes
  }
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw new Error('snappy: a frame is cut off')
    const start = at + 4
    const end = start + bytes.readUInt32BE(at)
    if (end > bytes.length) throw new Error('snappy: a frame is cut off')
    block(bytes.subarray(start, end), out)
    at = end
  }
  return out.bytes
}

/** Appends one block to the output. It refers to its own output only. */
function block(bytes: Buffer, out: Inflated): void {
  const { value: size, next } = lengthOf(bytes)
  const start = out.length
  const end = start + size
  out.reserve(end)
  let at = next
  while (at < bytes.length) {
    const tag = byteAt(bytes, at)
    at += 1
    if ((tag & 3) === 0) {
      const { length, skipped } = literalLength(bytes, tag, at)
      at += skipped
      if (at + length > bytes.length) throw new Error('snappy: a literal is cut off')
      if (out.length + length > end) throw new Error('snappy: more output than announced')
      out.append(bytes, at, at + length)
      at += length
    } else {
      const { length, distance, skipped } = copyOf(bytes, tag, at)
      at += skipped
      if (out.length + length > end) throw new Error('snappy: more output than announced')
      out.repeat(distance, length, start)
    }
  }
  if (out.length !== end) throw new Error('snappy: less output than announced')
}

/** The announced length, in at most five bytes of seven bits each. */
function lengthOf(bytes: Buffer) {
  let value = 0
  for (let at = 0; at < 5; at += 1) {
    const byte = byteAt(bytes, at)
    value += (byte & 127) * 2 ** (7 * at)
    if (byte < 128) return { value, next: at + 1 }
  }
  throw new Error('snappy: the announced length has no end')
}

/** Up to 60 in the tag itself; above, the tag says in how many bytes the length follows. */
function literalLength(bytes: Buffer, tag: number, at: number) {
  const short = tag >>> 2
  if (short < 60) return { length: short + 1, skipped: 0 }
  const skipped = short - 59
  if (at + skipped > bytes.length) throw new Error('snappy: a literal is cut off')
  return { length: bytes.readUIntLE(at, skipped) + 1, skipped }
}

function copyOf(bytes: Buffer, tag: number, at: number) {
  const kind = tag & 3
  if (kind === 1) {
    const distance = ((tag >>> 5) << 8) | byteAt(bytes, at)
    return { length: ((tag >>> 2) & 7) + 4, distance, skipped: 1 }
  }
  const skipped = kind === 2 ? 2 : 4
  if (at + skipped > bytes.length) throw new Error('snappy: a copy is cut off')
  return { length: (tag >>> 2) + 1, distance: bytes.readUIntLE(at, skipped), skipped }
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new Error('snappy: cut off')
  return byte
}
