import { type AvroRecord, isNullable, matchAvro, unreadable } from '@tenseams/codec/avro'
import avro from 'avsc'
import { describe, expect, it } from 'vitest'
import { currentSchema, parseSchema, schemaVersions } from './schemas.ts'
import { readTopics } from './topics.ts'

const avroTopics = readTopics().filter((topic) => topic.format === 'avro')

describe.each(avroTopics.map((topic) => topic.name))('%s', (name) => {
  it('has schemas that avsc accepts', () => {
    for (const { text } of schemaVersions(name)) {
      const schema: avro.Schema = JSON.parse(text)
      expect(avro.Type.forSchema(schema).typeName).toBe('record')
    }
  })
})

const eventTopics = readTopics().filter((topic) => topic.control)

describe.each(eventTopics.map((topic) => topic.name))('the events of %s', (name) => {
  it('have one nullable branch per type, named after its record', () => {
    const { schema } = currentSchema(name)
    const branches = schema.fields.filter((field) => recordNameOf(schema, field.name) !== undefined)
    expect(branches.length).toBeGreaterThan(0)
    for (const branch of branches) {
      expect(isNullable(branch.type), branch.name).toBe(true)
      expect(branch.default, branch.name).toBeNull()
      expect(recordNameOf(schema, branch.name)?.toLowerCase()).toContain(branch.name)
    }
  })
})

function recordNameOf(schema: AvroRecord, fieldName: string): string | undefined {
  const field = schema.fields.find((candidate) => candidate.name === fieldName)
  if (field === undefined) return undefined
  return matchAvro<string | undefined>(isNullable(field.type) ? field.type[1] : field.type, {
    primitive: () => undefined,
    timestamp: () => undefined,
    nullable: () => undefined,
    array: () => undefined,
    record: (record) => record.name,
  })
}

describe('a schema', () => {
  it('is refused with every type that one of the readers cannot read', () => {
    const schema = {
      type: 'record',
      name: 'Thing',
      fields: [
        { name: 'micros', type: { type: 'long', logicalType: 'timestamp-micros' } },
        { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A'] } },
        { name: 'either', type: ['int', 'string'] },
        { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
        {
          name: 'inner',
          type: ['null', { type: 'record', name: 'Inner', fields: [{ name: 'f', type: 'float' }] }],
        },
        { name: 'list', type: { type: 'array', items: 'Inner' } },
        { name: 'fine', type: ['null', 'string'], default: null },
      ],
    }
    expect(unreadable(schema)).toEqual([
      'micros: type timestamp-micros: Flink 2.1 reads micros as millis (FLINK-39036): use timestamp-millis',
      'kind: type enum: Flink cannot write Avro enums (FLINK-24544): use a string with a checked set',
      'either: only ["null", type] is read by Flink and Iceberg; general unions are not',
      'price: type decimal: not in the part of Avro that Node, Flink and Iceberg read alike',
      'inner.f: type float: use double, or integer minor units for money',
      'list[]: type Inner: not in the part of Avro that Node, Flink and Iceberg read alike',
    ])
  })

  it('is refused without fields, and with documentation that is no text', () => {
    const lost = { type: 'record', name: 'Lost', fields: [] }
    const fields = [
      { name: 'lost', type: ['null', lost] },
      { name: 'note', type: 'string', doc: 5 },
    ]
    expect(unreadable({ type: 'record', name: 'Thing', doc: [], fields })).toEqual([
      'its `doc` is no text',
      expect.stringContaining('lost: Lost has no fields'),
      'note: its `doc` is no text',
    ])
  })

  it('has the format that its topic names', () => {
    for (const { name, format } of readTopics()) {
      for (const contract of schemaVersions(name)) expect(contract.format, name).toBe(format)
    }
  })

  it.each(['', '"long"', '{}', '[]', 'null'])('is refused when it is %j', (text) => {
    expect(() => parseSchema(text, 'a file')).toThrow('a file')
  })

  it('is refused when its topic is unknown', () => {
    expect(() => currentSchema('no.such.v1')).toThrow('contracts/events/no.such.v1 cannot be read')
  })
})
