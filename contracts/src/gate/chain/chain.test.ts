import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { note, schema } from '../cases/checkout.ts'
import type { CheckedTopic } from '../versions.ts'
import { brokenChains } from './chain.ts'
import { openParquetTrial, type ParquetTrial } from './parquet.ts'

const parcels: CheckedTopic = {
  ...{ name: 'parcels.parcel.v1', format: 'avro', compatibility: 'BACKWARD' },
  ...{ keyField: 'parcelId', control: false, consumers: [] },
}

let parquet: ParquetTrial
beforeAll(async () => {
  parquet = await openParquetTrial()
})
afterAll(() => parquet.close())

/** What is refused of these versions. */
async function refused(
  texts: readonly string[],
  topic: Partial<CheckedTopic> = {},
  { isSink = false, published = 0 } = {},
): Promise<readonly string[]> {
  const end = topic.format === 'protobuf' ? 'proto' : 'avsc'
  const versions = texts.map((text, index) => {
    return { topic: parcels.name, version: index + 1, file: `${index + 1}.${end}`, text }
  })
  const found = await brokenChains({ ...parcels, ...topic }, versions, {
    ...{ parquet, isSink },
    isPublished: ({ version }) => version <= published,
  })
  return found.map(({ where, what }) => `${where.split(': ')[1]}: ${what}`)
}

const plain = (name: string, type: unknown = ['null', 'string']) => ({ name, type, default: null })
const record = (name: string, ...fields: readonly object[]) => ({ type: 'record', name, fields })
const occurredAt = { name: 'occurredAt', type: { type: 'long', logicalType: 'timestamp-millis' } }
const proto = (text: string) => `syntax = "proto3";\npackage parcels.v1;\n${text}`

describe('the chain of a contract can be made', () => {
  it.each([
    [
      'a field of each type',
      [
        plain('a', ['null', 'boolean']),
        plain('b', ['null', 'int']),
        plain('c', ['null', 'long']),
        plain('d', ['null', 'double']),
        plain('e', ['null', 'bytes']),
        plain('f', ['null', { type: 'array', items: ['null', record('Line', plain('sku'))] }]),
        occurredAt,
      ],
    ],
    [
      'a column called like one of the lake, in a record',
      [plain('lost', ['null', record('Lost', plain('kafkaOffset'))])],
    ],
    ['a column called like one of Flink, without an event time', [plain('off')]],
  ])('with %s', async (_what, fields) => {
    expect(await refused([schema(), schema(...fields)])).toEqual([])
  })

  it('of Protobuf with a message in two fields', async () => {
    const text = proto(
      'message Parcel { string parcel_id = 1; Door from = 2; Door to = 3; } message Door { string city = 1; }',
    )
    expect(await refused([text], { format: 'protobuf' })).toEqual([])
  })

  it('with ticks where the envelope has a place for them', async () => {
    const envelope = [
      ...['eventId', 'streamId', 'type'].map((name) => ({ name, type: 'string' })),
      ...[{ name: 'version', type: 'long' }, occurredAt, plain('traceparent')],
    ]
    const text = JSON.stringify(
      record('Parcel', ...envelope, plain('lost', ['null', record('Lost', plain('at'))])),
    )
    expect(await refused([text], { control: true })).toEqual([])
  })
})

describe('a version is refused', () => {
  it.each([
    [
      'with two fields of one column',
      [plain('parcel_id')],
      'Parcel.parcel_id would be the column parcel_id, like the field parcelId',
    ],
    [
      'with a column of bronze',
      [plain('kafkaOffset')],
      'Parcel.kafkaOffset would be the column kafka_offset, like a column of the writer',
    ],
    ['with the column of the schema id', [plain('schemaId')], 'would be the column schema_id'],
    [
      'with a column of bronze as it is',
      [plain('kafka_partition')],
      'would be the column kafka_partition',
    ],
    [
      'with two fields of one column in a record',
      [plain('lost', ['null', record('Lost', plain('atDoor'), plain('at_door'))])],
      'Lost.at_door would be the column at_door',
    ],
    [
      'with a column of a Flink source',
      [occurredAt, plain('off')],
      'a Flink source has a column off of its own',
    ],
    [
      'with all columns of a Flink source',
      [occurredAt, plain('et'), plain('pt'), plain('part')],
      'a column et, pt, part of its own',
    ],
    [
      'with an event time that may be missing',
      [plain('occurredAt', ['null', occurredAt.type])],
      'occurredAt is BIGINT in Flink',
    ],
    [
      'with an event time that is text',
      [{ name: 'occurredAt', type: 'string', default: '' }],
      'occurredAt is STRING NOT NULL in Flink',
    ],
    [
      'with a record called like a type of TypeScript',
      [plain('lost', ['null', record('string', plain('at'))])],
      'string cannot be the name of a type',
    ],
    [
      'with a record called like a class that types use',
      [plain('lost', ['null', record('Buffer', plain('at'))])],
      'Buffer cannot be the name of a type',
    ],
    [
      'with two records of one name',
      [
        plain('lost', ['null', { ...record('Line', plain('at')), namespace: 'a' }]),
        plain('found', ['null', { ...record('Line', plain('by')), namespace: 'b' }]),
      ],
      'two records are called Line',
    ],
    [
      'with a column that Iceberg has for every table',
      [plain('_pos')],
      'Parcel._pos would be the column _pos, like one that Iceberg has for every table',
    ],
    ['with a field that is the prototype', [plain('__proto__')], '__proto__ cannot be a property'],
  ])('%s', async (_what, fields, mistake) => {
    const found = await refused([schema(), schema(note, ...fields)])
    expect(found).toContainEqual(expect.stringContaining(mistake))
    expect(found.every((sentence) => sentence.startsWith('2.avsc: '))).toBe(true)
  })

  it('that takes the event time away', async () => {
    expect(await refused([schema(occurredAt), schema()])).toEqual([
      expect.stringContaining('has no occurredAt'),
    ])
  })

  it('that a job writes, with a record in it', async () => {
    const nested = plain('lost', ['null', record('Lost', plain('at'))])
    expect(await refused([schema(), schema(nested)], {}, { isSink: true })).toEqual([
      expect.stringContaining('Flink writes flat contracts only, nested here: lost'),
    ])
  })

  it('without a place for ticks, in a topic that has them', async () => {
    const found = await refused([schema(), schema(note)], { control: true })
    expect(found).toEqual([expect.stringContaining('2.avsc: ticks and barriers cannot be written')])
  })

  it('of Protobuf whose type is a number, so that no value can be written', async () => {
    const text = proto('message Parcel { string parcel_id = 1; int32 type = 2; }')
    const found = await refused([text], { format: 'protobuf' })
    expect(found).toEqual([expect.stringContaining('values cannot be written and read')])
  })
})

describe('what is published', () => {
  it('is not refused, and the next version may have what it has, but nothing more', async () => {
    const texts = [schema(plain('kafkaOffset')), schema(plain('kafkaOffset'), plain('schemaId'))]
    expect(await refused(texts, {}, { published: 2 })).toEqual([])
    expect(await refused(texts, {}, { published: 1 })).toEqual([
      expect.stringContaining('Parcel.schemaId would be the column schema_id'),
    ])
    expect(await refused([...texts].reverse(), {}, { published: 1 })).toEqual([])
    const other = [schema(plain('kafkaOffset')), schema(plain('schemaId'))]
    expect(await refused(other, {}, { published: 1 })).toHaveLength(1)
  })

  it('by a job may have the columns of bronze, unless the lakehouse reads it', async () => {
    const texts = [schema(plain('kafkaOffset'))]
    expect(await refused(texts, {}, { isSink: true })).toEqual([])
    expect(await refused(texts, { consumers: ['lakehouse'] }, { isSink: true })).toHaveLength(1)
  })
})

describe('the bronze table of a topic', () => {
  const amount = (type: string, value: unknown) => ({ name: 'amount', type, default: value })
  const renamed = (name: string, ...aliases: readonly string[]) => ({ ...plain(name), aliases })

  it('cannot hold a field that comes back with another type, whatever the level allows', async () => {
    const found = await refused([schema(amount('long', 0)), schema(), schema(amount('string', ''))])
    expect(found).toEqual([
      expect.stringContaining('made by version 1: column amount cannot change from long to string'),
    ])
  })

  it('cannot hold a member of a record that comes back with another type', async () => {
    const lost = (...fields: readonly object[]) =>
      schema(plain('lost', ['null', record('Lost', plain('at'), ...fields)]))
    const found = await refused([lost(amount('int', 0)), lost(), lost(amount('string', ''))])
    expect(found).toEqual([expect.stringContaining('column lost.amount cannot change')])
  })

  it('follows renames when the last version names every former name', async () => {
    const chain = [schema(plain('note')), schema(renamed('remark', 'note'))]
    expect(await refused([...chain, schema(renamed('comment', 'remark', 'note'))])).toEqual([])
    expect(await refused([...chain, schema(renamed('comment', 'remark'))])).toEqual([
      expect.stringContaining(
        'made by version 1: the column note is comment in a table that followed',
      ),
    ])
  })

  it('holds a field that comes back as it was, and a wider one', async () => {
    expect(await refused([schema(amount('long', 0)), schema(), schema(amount('long', 0))])).toEqual(
      [],
    )
    expect(await refused([schema(amount('int', 0)), schema(amount('long', 0))])).toEqual([])
  })
})
