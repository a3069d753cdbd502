/** Batches and answers as a broker sends them, for tests of what reads them. */

export const attributesOf = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4, unknown: 7 } as const

export type WrittenBatch = {
  readonly firstOffset?: bigint
  readonly attributes?: number
  readonly count?: number
  readonly lastOffsetDelta?: number
  /** Its records, compressed as `attributes` says. */
  readonly payload: Buffer
}

/** A batch of format 2 with its first offset and length in front. */
export function writtenBatch({
  firstOffset = 0n,
  attributes = 0,
  count = 1,
  lastOffsetDelta = count - 1,
  payload,
}: WrittenBatch): Buffer {
  const head = Buffer.alloc(61)
  head.writeBigInt64BE(firstOffset, 0)
  head.writeInt32BE(head.length - 12 + payload.length, 8)
  head.writeInt8(2, 16)
  head.writeInt16BE(attributes, 21)
  head.writeInt32BE(lastOffsetDelta, 23)
  head.writeBigInt64BE(-1n, 43)
  head.writeInt32BE(count, 57)
  return Buffer.concat([head, payload])
}

/** The batch itself, as the decoder of batches takes it. */
export const withoutPrefix = (batch: Buffer): Buffer => batch.subarray(12)

/** Records with these values and nothing else. */
export function writtenRecords(values: readonly Buffer[]): Buffer {
  return Buffer.concat(
    values.map((value, offsetDelta) => {
      const body = Buffer.concat([
        Buffer.from([0, 0]),
        varint(offsetDelta),
        varint(-1),
        varint(value.length),
        value,
        varint(0),
      ])
      return Buffer.concat([varint(body.length), body])
    }),
  )
}

export function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}

/** An answer of version 11 about one topic: the batches of each partition. */
export function writtenResponse(topic: string, partitions: readonly (readonly Buffer[])[]): Buffer {
  const head = Buffer.alloc(4 + 2 + 4 + 4 + 2)
  head.writeInt32BE(1, 10)
  head.writeInt16BE(topic.length, 14)
  const count = Buffer.alloc(4)
  count.writeInt32BE(partitions.length)
  return Buffer.concat([
    ...[head, Buffer.from(topic), count],
    ...partitions.map((batches, partition) => writtenPartition(partition, Buffer.concat(batches))),
  ])
}

function writtenPartition(partition: number, records: Buffer): Buffer {
  const head = Buffer.alloc(4 + 2 + 24 + 4 + 4 + 4)
  head.writeInt32BE(partition, 0)
  head.writeBigInt64BE(1_000n, 6)
  head.writeInt32BE(records.length, head.length - 4)
  return Buffer.concat([head, records])
}

/** LZ4 in a frame, in blocks that only repeat: about 250 bytes of output for each of input. */
export function lz4Bomb(outputBytes: number): Buffer {
  const blockBytes = 4 * 1_048_576
  const parts = [Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73])]
  for (let made = 0; made < outputBytes; made += blockBytes) {
    const more = Buffer.alloc(Math.ceil((blockBytes - 1 - 4 - 15) / 255), 255)
    more[more.length - 1] = 0
    const block = Buffer.concat([Buffer.from([0x1f, 0, 1, 0]), more, Buffer.from([0])])
    const size = Buffer.alloc(4)
    size.writeUInt32LE(block.length)
    parts.push(size, block)
  }
  return Buffer.concat([...parts, Buffer.alloc(4)])
}

/** Snappy as one block that only repeats: 21 bytes of output for each of input. */
export function snappyBomb(outputBytes: number): Buffer {
  const copies = Math.ceil((outputBytes - 1) / 64)
  const size = copies * 64 + 1
  const head: number[] = []
  let rest = size
  for (; rest >= 128; rest = Math.floor(rest / 128)) head.push((rest % 128) + 128)
  const copy = Buffer.from([(63 << 2) | 2, 1, 0])
  return Buffer.concat([
    Buffer.from([...head, rest, 0, 0]),
    Buffer.alloc(copies * copy.length, copy),
  ])
}
