import { expect, test } from 'vitest'
import type { StructType } from '../format/schema.ts'
import { newSpec } from './new-spec.ts'

const schema: StructType = {
  type: 'struct',
  fields: [
    { id: 1, name: 'id', required: true, type: 'uuid' },
    { id: 2, name: 'amount', required: true, type: 'decimal(12,2)' },
    { id: 3, name: 'at', required: true, type: 'timestamptz' },
  ],
}

test('a new spec names its fields by column and transform', () => {
  const partitioning = [
    { column: 'at', transform: 'day' },
    { column: 'id', transform: 'bucket[4]' },
  ]
  expect(newSpec(schema, partitioning)).toEqual({
    'spec-id': 0,
    fields: [
      { 'source-id': 3, 'field-id': 1_000, name: 'at_day', transform: 'day' },
      { 'source-id': 1, 'field-id': 1_001, name: 'id_bucket', transform: 'bucket[4]' },
    ],
  })
})

test.each([
  ['id', 'identity', /type uuid is not written/],
  ['amount', 'identity', /type decimal\(12,2\) is not written/],
  ['amount', 'day', /day/],
  ['shop', 'identity', /cannot be partitioned by shop/],
])(
  'a table that could hold no row is refused before it is created: %s by %s',
  (column, transform, reason) => {
    expect(() => newSpec(schema, [{ column, transform }])).toThrow(reason)
  },
)
