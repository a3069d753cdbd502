/**
 * LZ4 frames, as Kafka's clients write them: blocks that do not refer to each other, which Java's consumer requires, too.
 * Checksums are not compared, since the record batch has one of its own.
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md, lz4_Block_format.md
 */
import { Inflated } from './inflated.ts'

const MAGIC = 0x184d2204
const SKIPPABLE = 0x184d2a5
const UNCOMPRESSED = 0x80000000

/** @throws Error for malformed bytes, and for more than `maxBytes` of output, of which no more than that is made. */
export function inflateLz4(bytes: Buffer, maxBytes: number): Buffer {
  const out = new Inflated(maxBytes)
  for (let at = 0; at < bytes.length; ) at = frame(bytes, at, out)
  return out.bytes
}

/** Appends one frame to the output and returns where the next one begins. */
function frame(bytes: Buffer, start: number, out: Inflated): number {
  const magic = uint32(bytes, start)
  if (magic >>> 4 === SKIPPABLE) return start + 8 + uint32(bytes, start + 4)
  if (magic !== MAGIC) throw new Error('lz4: no frame')
  const { at: first, hasBlockChecksums, hasChecksum, blockBytes } = headerOf(bytes, start + 4)
  let at = first
  for (;;) {
    const size = uint32(bytes, at)
    at += 4
    if (size === 0) return hasChecksum ? at + 4 : at
    const length = size % UNCOMPRESSED
    if (at + length > bytes.length) throw new Error('lz4: a block is cut off')
    const before = out.length
    if (size >= UNCOMPRESSED) out.append(bytes, at, at + length)
    else block(bytes, at, at + length, out)
    if (out.length - before > blockBytes) throw new Error('lz4: a block is larger than announced')
    at += hasBlockChecksums ? length + 4 : length
  }
}

function headerOf(bytes: Buffer, start: number) {
  const [flags = 0, descriptor = 0] = bytes.subarray(start, start + 2)
  if (start + 3 > bytes.length || flags >>> 6 !== 1) throw new Error('lz4: unknown version')
  if ((flags & 0x20) === 0) throw new Error('lz4: blocks that refer to each other are not read')
  if ((flags & 0x01) !== 0) throw new Error('lz4: a dictionary is not known here')
  const sizeCode = (descriptor >>> 4) & 7
  if (sizeCode < 4) throw new Error('lz4: unknown block size')
  const hasContentSize = (flags & 0x08) !== 0
  return {
    at: start + 2 + (hasContentSize ? 8 : 0) + 1,
    hasBlockChecksums: (flags & 0x10) !== 0,
    hasChecksum: (flags & 0x04) !== 0,
    blockBytes: 2 ** (8 + 2 * sizeCode),
  }
}

/** Sequences of literals and a copy; the last one has literals only. */
function block(bytes: Buffer, start: number, end: number, out: Inflated): void {
  const begun = out.length
  const length = (code: number) => {
    let sum = code
    if (code < 15) return sum
    for (;;) {
      if (at >= end) throw new Error('lz4: a length is cut off')
      const byte = bytes[at] ?? 0
      at += 1
      sum += byte
      if (byte < 255) return sum
    }
  }
  let at = start
  while (at < end) {
    const token = bytes[at] ?? 0
    at += 1
    const literals = length(token >>> 4)
    if (at + literals > end) throw new Error('lz4: literals are cut off')
    out.append(bytes, at, at + literals)
    at += literals
    if (at === end) return
    if (at + 2 > end) throw new Error('lz4: a distance is cut off')
    const distance = bytes.readUInt16LE(at)
    at += 2
    out.repeat(distance, length(token & 15) + 4, begun)
  }
  throw new Error('lz4: the block has no end')
}

function uint32(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new Error('lz4: cut off')
  return bytes.readUInt32LE(at)
}
