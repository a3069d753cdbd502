import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inflate } from './inflate.ts'
import { inflateLz4 } from './lz4.ts'
import { inflateSnappy } from './snappy.ts'
import { attributesOf } from './testing/written-batch.ts'

const MOST_BYTES = 1_048_576

/** Literals, then a copy of what is some bytes back. */
type Sequence = {
  readonly literals: Buffer
  readonly distance: number
  readonly length: number
}

const sequence = fc.record({
  literals: fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  distance: fc.integer({ min: 1, max: 500 }),
  length: fc.integer({ min: 4, max: 1_000 }),
})

/** What a decompressor must make of the sequences, in the plainest way. Distances are cut to what is there. */
function expanded(sequences: readonly Sequence[]) {
  const out: number[] = []
  const exact = sequences.map(({ literals, distance, length }) => {
    out.push(...literals)
    const back = Math.min(distance, out.length)
    for (let copied = 0; copied < length; copied += 1) out.push(out[out.length - back] ?? 0)
    return { literals, distance: back, length }
  })
  return { bytes: Buffer.from(out), exact }
}

function lz4Block(sequences: readonly Sequence[]): Buffer {
  const more = (value: number) => {
    if (value < 15) return Buffer.alloc(0)
    const rest = value - 15
    return Buffer.concat([Buffer.alloc(Math.floor(rest / 255), 255), Buffer.from([rest % 255])])
  }
  const parts = sequences.flatMap(({ literals, distance, length }) => [
    Buffer.from([(Math.min(15, literals.length) << 4) | Math.min(15, length - 4)]),
    ...[more(literals.length), literals, Buffer.from([distance & 255, distance >> 8])],
    more(length - 4),
  ])
  return Buffer.concat([...parts, Buffer.from([0])])
}

function lz4Frame(blocks: readonly Buffer[]): Buffer {
  const parts = blocks.flatMap((block) => {
    const size = Buffer.alloc(4)
    size.writeUInt32LE(block.length)
    return [size, block]
  })
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73])
  return Buffer.concat([head, ...parts, Buffer.alloc(4)])
}

function snappyBlock(sequences: readonly Sequence[], size: number): Buffer {
  const head: number[] = []
  let rest = size
  for (; rest >= 128; rest = Math.floor(rest / 128)) head.push((rest % 128) + 128)
  const parts = sequences.flatMap(({ literals, distance, length }) => {
    const copies: Buffer[] = []
    for (let left = length; left > 0; left -= 64) {
      copies.push(Buffer.from([((Math.min(64, left) - 1) << 2) | 2, distance & 255, distance >> 8]))
    }
    const above = literals.length > 60
    const tag = above
      ? Buffer.from([61 << 2, (literals.length - 1) & 255, (literals.length - 1) >> 8])
      : Buffer.from([(literals.length - 1) << 2])
    return [tag, literals, ...copies]
  })
  return Buffer.concat([Buffer.from([...head, rest]), ...parts])
}

function xerial(blocks: readonly Buffer[]): Buffer {
  const head = Buffer.from('82534e41505059000000000100000001', 'hex')
  const parts = blocks.flatMap((block) => {
    const size = Buffer.alloc(4)
    size.writeUInt32BE(block.length)
    return [size, block]
  })
  return Buffer.concat([head, ...parts])
}

describe('what is compressed by literals and copies is what comes out', () => {
  const blocks = fc.array(fc.array(sequence, { maxLength: 8 }), { minLength: 1, maxLength: 3 })

  test('lz4', () => {
    fc.assert(
      fc.property(blocks, (written) => {
        const made = written.map(expanded)
        const frame = lz4Frame(made.map(({ exact }) => lz4Block(exact)))
        expect(inflateLz4(frame, MOST_BYTES)).toEqual(Buffer.concat(made.map((each) => each.bytes)))
      }),
    )
  })

  test('snappy, in frames and bare', () => {
    fc.assert(
      fc.property(blocks, (written) => {
        const made = written.map(expanded)
        const packed = made.map(({ exact, bytes }) => snappyBlock(exact, bytes.length))
        const all = Buffer.concat(made.map((each) => each.bytes))
        expect(inflateSnappy(xerial(packed), MOST_BYTES)).toEqual(all)
        const [first = Buffer.alloc(0)] = packed
        expect(inflateSnappy(first, MOST_BYTES)).toEqual(made[0]?.bytes)
      }),
    )
  })
})

test('the bound of the output is exact for every codec', async () => {
  const { bytes, exact } = expanded([
    { literals: Buffer.from('abc'), distance: 2, length: 90_000 },
    { literals: Buffer.from('d'), distance: 500, length: 4 },
  ])
  const packed = {
    gzip: gzipSync(bytes),
    snappy: xerial([snappyBlock(exact, bytes.length)]),
    lz4: lz4Frame([lz4Block(exact)]),
    zstd: zstdCompressSync(bytes),
  }
  for (const [codec, payload] of Object.entries(packed)) {
    const attributes = attributesOf[codec as keyof typeof packed]
    expect(await inflate(attributes, payload, bytes.length)).toEqual(bytes)
    await expect(inflate(attributes, payload, bytes.length - 1)).rejects.toThrow('more than')
  }
})

test.each([
  ['lz4, blocks that refer to each other', Buffer.from('04224d184070df00000000', 'hex'), 3],
  ['lz4, a copy of what is not there', lz4Frame([Buffer.from([0x10, 65, 9, 0, 0])]), 3],
  ['lz4, a block of more than its frame allows', lz4Frame([]).subarray(0, 6), 3],
  ['snappy, a copy of what is not there', Buffer.from([8, 0, 65, (5 << 2) | 2, 9, 0]), 2],
  ['snappy, less than announced', Buffer.from([8, 0, 65]), 2],
  ['snappy, more than announced', Buffer.from([1, 4, 65, 66]), 2],
  ['snappy, a length without an end', Buffer.alloc(9, 255), 2],
])('malformed: %s', async (_, payload, attributes) => {
  await expect(inflate(attributes, payload, MOST_BYTES)).rejects.toThrow()
})
