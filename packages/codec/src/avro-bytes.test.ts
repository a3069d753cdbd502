import avro from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { avroByteCheck } from './avro-bytes.ts'
import { avroType } from './avro-long.ts'
import { bounds } from './bounds.ts'
import { messageOf } from './errors.ts'

const record = (fields: readonly object[], name = 'Value') => ({ type: 'record', name, fields })
const listOf = (items: unknown) => record([{ name: 'list', type: { type: 'array', items } }])

function checkOf(schema: unknown) {
  const type = avroType(JSON.stringify(schema))
  const check = avroByteCheck(type.schema())
  return { type, isRefused: (bytes: Buffer) => refusalOf(() => check(bytes)) !== undefined }
}

function refusalOf(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

const long = (value: bigint) => avro.Type.forSchema('long').toBuffer(Number(value))
const bytesOf = (...parts: readonly (bigint | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'bigint' ? long(part) : Buffer.from(part))))

const empty = record([], 'Empty')
const optional = record([{ name: 'a', type: ['null', 'string'] }], 'Optional')

describe('a value whose bytes announce more than there is is refused at once', () => {
  test.each<readonly [string, unknown, Buffer]>([
    ['3 000 000 items that are not there', listOf('string'), bytesOf(3_000_000n)],
    ['200 000 000 nulls', listOf('null'), bytesOf(200_000_000n, 0n)],
    ['200 000 000 records without fields', listOf(empty), bytesOf(200_000_000n, 0n)],
    ['3 000 000 optional values', listOf(optional), bytesOf(3_000_000n, '0'.repeat(36))],
    ['a map of 3 000 000', { type: 'map', values: 'null' }, bytesOf(3_000_000n)],
    ['a count below zero, and nothing behind', listOf('int'), bytesOf(-3_000_000n, 1n)],
    ['the smallest count of all', listOf('null'), Buffer.from([...Buffer.alloc(9, 255), 1])],
    ['a block that is shorter than it says', listOf('int'), bytesOf(-1n, 5n, 7n, 0n)],
    ['a block that is longer than it says', listOf('string'), bytesOf(-1n, 1n, 1n, 'a', 0n)],
    ['many blocks of empty items', listOf('null'), Buffer.concat(Array(2_000).fill(long(9n)))],
    ['a text longer than the rest', 'string', bytesOf(4n, 'abc')],
    ['a text of negative length', 'string', bytesOf(-1n, 'abc')],
    ['bytes longer than the rest', 'bytes', bytesOf(1_000_000_000n)],
    ['a fixed value that is cut off', { type: 'fixed', name: 'F', size: 4 }, Buffer.alloc(3)],
    ['a branch that is not there', ['null', 'int'], bytesOf(2n)],
    ['a symbol that is not there', { type: 'enum', name: 'E', symbols: ['a'] }, bytesOf(1n)],
    ['a number without an end', 'long', Buffer.alloc(11, 255)],
    ['an int of more than five bytes', 'int', Buffer.from([255, 255, 255, 255, 255, 1])],
    ['an int of more than 32 bits', 'int', Buffer.from([128, 128, 128, 128, 16])],
    ['an int below 32 bits', 'int', Buffer.from([255, 255, 255, 255, 127])],
    ['a long of more than 64 bits', 'long', Buffer.from([...Buffer.alloc(9, 255), 2])],
    ['a text that is not UTF-8', 'string', Buffer.from([4, 0xc3, 0x28])],
    [
      'half of a character',
      record([{ name: 'a', type: 'string' }]),
      Buffer.from([6, 0xed, 0xa0, 0x80]),
    ],
    ['a key that is not UTF-8', { type: 'map', values: 'int' }, Buffer.from([2, 2, 255, 2, 0])],
    ['a boolean that is neither', 'boolean', Buffer.from([2])],
    ['a double that is cut off', 'double', Buffer.alloc(7)],
    ['more than the value', 'int', bytesOf(1n, 2n)],
    ['nothing', 'int', Buffer.alloc(0)],
  ])('%s', (_, schema, bytes) => {
    const { isRefused } = checkOf(schema)
    const begun = performance.now()
    expect(isRefused(bytes)).toBe(true)
    expect(performance.now() - begun).toBeLessThan(200)
  })
})

test.each<readonly [unknown, readonly number[]]>([
  ['int', [254, 255, 255, 255, 15]],
  ['int', [255, 255, 255, 255, 15]],
  ['long', [254, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
  ['long', [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
  ['string', [8, 0xf0, 0x9f, 0x98, 0x80]],
  ['bytes', [4, 0xc3, 0x28]],
  ['boolean', [1]],
])('the largest and the strangest %j passes', (schema, bytes) => {
  expect(checkOf(schema).isRefused(Buffer.from(bytes))).toBe(false)
})

describe('nesting has a bound', () => {
  const chain = record([{ name: 'next', type: ['null', 'Value'] }])

  test('of a record within itself', () => {
    const { isRefused } = checkOf(chain)
    expect(isRefused(bytesOf(1n, 1n, 0n))).toBe(false)
    expect(isRefused(Buffer.concat([...Array(bounds.maxDepth + 2).fill(long(1n)), long(0n)]))).toBe(
      true,
    )
    expect(isRefused(Buffer.alloc(1_000_000, long(1n)))).toBe(true)
  })

  test('of a record that has itself and nothing else', () => {
    const { isRefused } = checkOf(record([{ name: 'next', type: 'Value' }]))
    expect(isRefused(Buffer.alloc(0))).toBe(true)
  })

  test('of records that have each other twice, in which no byte stands for 2^60 records', () => {
    let schema: object = record([], 'R0')
    for (let level = 1; level < 60; level += 1) {
      const fields = [
        { name: 'a', type: schema },
        { name: 'b', type: `R${level - 1}` },
      ]
      schema = record(fields, `R${level}`)
    }
    const check = avroByteCheck(schema)
    expect(refusalOf(() => check(Buffer.alloc(0)))).toContain('too many records')
  })
})

const all = {
  ...record([
    { name: 'flag', type: 'boolean' },
    { name: 'small', type: 'int' },
    { name: 'large', type: 'long' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'share', type: 'double' },
    { name: 'note', type: ['null', 'string'] },
    { name: 'seal', type: 'bytes' },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['a', 'b'] } },
    { name: 'id', type: { type: 'fixed', name: 'Id', size: 3 } },
    { name: 'marks', type: { type: 'map', values: 'int' } },
    {
      name: 'lines',
      type: { type: 'array', items: record([{ name: 'sku', type: 'string' }], 'L') },
    },
    { name: 'next', type: ['null', 'shop.Value'] },
  ]),
  namespace: 'shop',
}

const value: fc.Arbitrary<object> = fc.letrec<{ value: object }>((tie) => ({
  value: fc.record({
    flag: fc.boolean(),
    small: fc.integer(),
    large: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    at: fc.nat(),
    share: fc.double(),
    note: fc.option(fc.string()),
    seal: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    kind: fc.constantFrom('a', 'b'),
    id: fc.uint8Array({ minLength: 3, maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    marks: fc.dictionary(fc.string(), fc.integer(), { maxKeys: 4 }),
    lines: fc.array(fc.record({ sku: fc.string() }), { maxLength: 4 }),
    next: fc.option(tie('value'), { depthSize: 'small', maxDepth: 4 }),
  }),
})).value

describe('by properties', () => {
  const { type, isRefused } = checkOf(all)

  test('what a writer has written is never refused', () => {
    fc.assert(
      fc.property(value, (written) => {
        expect(isRefused(type.toBuffer(written))).toBe(false)
      }),
    )
  })

  test('damaged bytes are refused, or the library decodes them, at once', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 })
    fc.assert(
      fc.property(value, changes, fc.nat(20), (written, bytes, cut) => {
        const damaged = Buffer.from(type.toBuffer(written))
        for (const [at, byte] of bytes) damaged[at % damaged.length] = byte
        const short = damaged.subarray(0, Math.max(0, damaged.length - cut))
        if (!isRefused(short)) expect(() => type.fromBuffer(short)).not.toThrow()
      }),
      { numRuns: 1_000 },
    )
  })

  test('random bytes are refused, or the library decodes them, at once', () => {
    const begun = performance.now()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        const bytes = Buffer.from(random)
        if (!isRefused(bytes)) expect(() => type.fromBuffer(bytes)).not.toThrow()
      }),
      { numRuns: 2_000 },
    )
    expect(performance.now() - begun).toBeLessThan(20_000)
  })
})
