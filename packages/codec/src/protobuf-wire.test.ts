import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bounds } from './bounds.ts'
import { protobufWire } from './protobuf-wire.ts'

const { toBuffer, fromBuffer } = protobufWire(`syntax = "proto3";
package shop.thing.v1;
message Thing {
  string name = 1;
  repeated int64 sizes = 2;
  repeated Mark marks = 3;
  optional Mark best = 4;
  repeated double weights = 5;
  bytes seal = 6;
}
message Mark { bool good = 1; string by = 2; }`)

const varint = (value: number) => {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}
const tag = (field: number, wireType: number) => varint(field * 8 + wireType)

describe('a message whose bytes announce more than there is is refused at once', () => {
  test.each<readonly [string, Buffer]>([
    ['a text longer than the rest', Buffer.concat([tag(1, 2), varint(1_000_000_000)])],
    ['bytes longer than the rest', Buffer.concat([tag(6, 2), varint(2 ** 31)])],
    ['a message longer than the rest', Buffer.concat([tag(4, 2), varint(2 ** 31)])],
    ['a packed list longer than the rest', Buffer.concat([tag(2, 2), varint(2 ** 31)])],
    ['an unknown field longer than the rest', Buffer.concat([tag(99, 2), varint(2 ** 31)])],
    ['a message that ends after the one around it', Buffer.from([0x22, 2, 0x12, 1, 65])],
    ['a million empty messages', Buffer.alloc(2_000_000, Buffer.from([0x1a, 0]))],
    [
      'a packed list of a million',
      Buffer.concat([tag(2, 2), varint(1_000_000), Buffer.alloc(1_000_000)]),
    ],
    ['a million values one by one', Buffer.alloc(2_000_000, Buffer.from([0x10, 0]))],
    ['groups within groups', Buffer.alloc(1_000_000, tag(99, 3))],
    ['a group that another one ends', Buffer.concat([tag(99, 3), tag(98, 4)])],
    ['a group without an end', tag(99, 3)],
    ['an end without a group', tag(99, 4)],
    ['a field without a number', Buffer.from([0, 0])],
    ['a tag without an end', Buffer.alloc(20, 255)],
  ])('%s', (_, bytes) => {
    const begun = performance.now()
    expect(() => fromBuffer(bytes)).toThrow()
    expect(performance.now() - begun).toBeLessThan(1_000)
  })
})

test('groups of a newer contract are skipped, up to the bound of nesting', () => {
  const nested = (depth: number) =>
    Buffer.concat([
      ...Array<Buffer>(depth).fill(tag(99, 3)),
      ...Array<Buffer>(depth).fill(tag(99, 4)),
    ])
  expect(fromBuffer(nested(bounds.maxDepth))).toMatchObject({ name: '', best: null })
  expect(() => fromBuffer(nested(bounds.maxDepth + 1))).toThrow('nested deeper')
})

const mark = fc.record({ good: fc.boolean(), by: fc.string({ unit: 'grapheme' }) })
const thing = fc.record({
  name: fc.string({ unit: 'grapheme' }),
  sizes: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  marks: fc.array(mark),
  best: fc.option(mark),
  weights: fc.array(fc.double()),
  seal: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
})

describe('by properties', () => {
  test('what a writer has written is read as it was', () => {
    fc.assert(
      fc.property(thing, (value) => {
        expect(fromBuffer(toBuffer(value))).toEqual(value)
      }),
    )
  })

  test('damaged and random bytes are read or refused, at once', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 })
    const begun = performance.now()
    const isJudged = (bytes: Buffer) => {
      try {
        fromBuffer(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
      }
    }
    fc.assert(
      fc.property(thing, changes, fc.uint8Array(), (value, bytes, random) => {
        const damaged = toBuffer(value)
        for (const [at, byte] of bytes) damaged[at % (damaged.length || 1)] = byte
        isJudged(damaged)
        isJudged(Buffer.from(random))
      }),
      { numRuns: 1_000 },
    )
    expect(performance.now() - begun).toBeLessThan(20_000)
  })
})
