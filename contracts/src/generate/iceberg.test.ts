import type { AvroRecord } from '@tenseams/codec/avro'
import { describe, expect, it } from 'vitest'
import { icebergSchemaOf } from './iceberg.ts'

const schema: AvroRecord = {
  type: 'record',
  name: 'Thing',
  fields: [
    { name: 'thingId', type: 'string', doc: 'Its name.' },
    { name: 'occurredAt', type: { type: 'long', logicalType: 'timestamp-millis' } },
    {
      name: 'made',
      type: [
        'null',
        {
          type: 'record',
          name: 'ThingMade',
          fields: [
            { name: 'totalMinor', type: 'long' },
            {
              name: 'lines',
              type: {
                type: 'array',
                items: {
                  type: 'record',
                  name: 'Line',
                  fields: [{ name: 'quantity', type: 'int' }],
                },
              },
            },
          ],
        },
      ],
    },
    { name: 'note', type: ['null', 'string'] },
  ],
}

const madeType = {
  type: 'struct',
  fields: [
    { id: 4, name: 'total_minor', required: true, type: 'long' },
    {
      id: 5,
      name: 'lines',
      required: true,
      type: {
        type: 'list',
        'element-id': 6,
        'element-required': true,
        element: {
          type: 'struct',
          fields: [{ id: 7, name: 'quantity', required: true, type: 'int' }],
        },
      },
    },
  ],
}

describe("a contract's Iceberg schema", () => {
  it('has ids in depth-first order, structs and lists included', () => {
    expect(icebergSchemaOf(schema)).toEqual({
      type: 'struct',
      'schema-id': 0,
      fields: [
        { id: 1, name: 'thing_id', required: true, type: 'string', doc: 'Its name.' },
        { id: 2, name: 'occurred_at', required: true, type: 'timestamptz' },
        { id: 3, name: 'made', required: false, type: madeType },
        { id: 8, name: 'note', required: false, type: 'string' },
      ],
    })
  })

  it("has the writer's columns first", () => {
    const before = [{ name: 'kafka_offset', type: 'long', required: true } as const]
    expect(icebergSchemaOf(schema, { before }).fields.map(({ id, name }) => [id, name])).toEqual([
      [1, 'kafka_offset'],
      [2, 'thing_id'],
      [3, 'occurred_at'],
      [4, 'made'],
      [9, 'note'],
    ])
  })

  it('keeps the ids of a table that grows, and does not reuse the id of a dropped column', () => {
    const [thingId, occurredAt, made] = schema.fields
    if (thingId === undefined || occurredAt === undefined || made === undefined) expect.fail()
    const grown: AvroRecord = {
      ...schema,
      fields: [thingId, { name: 'colour', type: ['null', 'string'] }, occurredAt, made],
    }
    const previous = icebergSchemaOf(schema)
    expect(icebergSchemaOf(grown, { previous, lastColumnId: 11 }).fields).toEqual([
      { id: 1, name: 'thing_id', required: true, type: 'string', doc: 'Its name.' },
      { id: 12, name: 'colour', required: false, type: 'string' },
      { id: 2, name: 'occurred_at', required: true, type: 'timestamptz' },
      { id: 3, name: 'made', required: false, type: madeType },
    ])
  })

  it('keeps the id of a column renamed by alias, and passes the alias on', () => {
    const [thingId, , made] = schema.fields
    if (thingId === undefined || made === undefined) expect.fail()
    const renamed: AvroRecord = {
      ...schema,
      fields: [thingId, { ...made, name: 'wasBuilt', aliases: ['made'] }],
    }
    const previous = icebergSchemaOf(schema)
    expect(icebergSchemaOf(renamed, { previous, lastColumnId: 8 }).fields[1]).toEqual({
      id: 3,
      name: 'was_built',
      required: false,
      type: madeType,
      aliases: ['made'],
    })
  })

  it('ignores an alias that is the name of another field', () => {
    const [thingId] = schema.fields
    if (thingId === undefined) expect.fail()
    const both = [thingId, { name: 'id', type: 'string', aliases: ['thingId'] } as const]
    const { fields } = icebergSchemaOf({ ...schema, fields: both })
    expect(fields[1]).toEqual({ id: 2, name: 'id', required: true, type: 'string' })
  })
})
