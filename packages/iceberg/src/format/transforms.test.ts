import { describe, expect, it } from 'vitest'
import { murmur3 } from './murmur3.ts'
import type { Value } from './row.ts'
import { transformOf } from './transforms.ts'

const EVERY = 2_147_483_647

/** Days, and microseconds, of the spec's examples. */
const DAY = 17_486
const AT = BigInt(DAY) * 86_400_000_000n + 81_068_000_000n

describe('a bucket', () => {
  it.each<[string, Value, number]>([
    ['int', 34, 2_017_239_379],
    ['long', 34n, 2_017_239_379],
    ['decimal(9, 2)', 1_420n, -500_754_589],
    ['date', DAY, -653_330_422],
    ['time', 81_068_000_000n, -662_762_989],
    ['timestamp', AT, -2_047_944_441],
    ['timestamptz', AT, -2_047_944_441],
    ['string', 'iceberg', 1_210_000_089],
    ['uuid', 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 1_488_055_340],
    ['fixed[4]', Buffer.from('00010203', 'hex'), -188_683_207],
    ['binary', Buffer.from('00010203', 'hex'), -188_683_207],
  ])('of %s is made with the hash of the specification', (type, value, hash) => {
    expect(transformOf(`bucket[${EVERY}]`, type).apply(value)).toBe((hash & EVERY) % EVERY)
  })

  it('hashes byte counts that are not a multiple of four', () => {
    expect(['', 'a', 'ab', 'abc', 'abcde'].map((text) => murmur3(Buffer.from(text)))).toEqual([
      0, 1_009_084_850, -1_681_926_305, -1_277_324_294, -392_455_434,
    ])
  })

  it('is refused for inexact numbers', () => {
    expect(() => transformOf('bucket[4]', 'double')).toThrow(/no partition transform bucket\[4\]/)
  })
})

describe('a time', () => {
  it.each<[string, string, Value, number]>([
    ['year', 'timestamptz', AT, 47],
    ['month', 'timestamptz', AT, 47 * 12 + 10],
    ['day', 'timestamptz', AT, DAY],
    ['hour', 'timestamptz', AT, DAY * 24 + 22],
    ['day', 'timestamptz', -1n, -1],
    ['hour', 'timestamptz', -3_600_000_001n, -2],
    ['month', 'date', -1, -1],
    ['year', 'date', -1, -1],
    ['day', 'date', 5, 5],
  ])('%s of %s', (name, type, value, wanted) => {
    expect(transformOf(name, type).apply(value)).toBe(wanted)
  })
})

describe('a truncation', () => {
  it.each<[string, Value, Value]>([
    ['int', -1, -10],
    ['long', 17n, 10n],
    ['string', 'żółty🙂abcdefgh', 'żółty🙂abcd'],
  ])('of %s goes down', (type, value, wanted) => {
    expect(transformOf('truncate[10]', type).apply(value)).toBe(wanted)
  })
})

it('every transform of null is null', () => {
  for (const name of ['identity', 'bucket[4]', 'truncate[4]', 'void']) {
    expect(transformOf(name, 'string').apply(null)).toBeNull()
  }
})
