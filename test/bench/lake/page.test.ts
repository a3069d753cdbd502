import { expect, test } from 'vitest'
import { nameMappingOf } from './connect-table.ts'
import { seenAtMs } from './freshness.ts'
import { replaceBetweenMarks } from './report.ts'

test('tables replace tables, and the text stays', () => {
  const marks = ['<!-- written by npm run bench -- lake --page -->', '<!-- until here -->']
  const page = `before\n${marks[0]}\nold\n${marks[1]}\nafter`
  const written = replaceBetweenMarks(page, 'new')
  expect(written).toBe(`before\n${marks[0]}\n\nnew\n\n${marks[1]}\nafter`)
  expect(replaceBetweenMarks(written, 'new')).toBe(written)
  expect(() => replaceBetweenMarks('before', 'new')).toThrow('no marks')
})

test("the mapping has the contract's names of the columns, down to the elements of lists", () => {
  const line = {
    type: 'record',
    name: 'Line',
    fields: [{ name: 'unitPrice', type: 'long' }],
  } as const
  const record = {
    type: 'record',
    name: 'Order',
    fields: [{ name: 'orderLines', type: ['null', { type: 'array', items: line }] }],
  } as const
  const price = { id: 4, name: 'unit_price', required: true, type: 'long' }
  const columns = [
    { id: 1, name: 'kafka_offset', required: true, type: 'long' },
    {
      id: 2,
      name: 'order_lines',
      required: false,
      type: {
        type: 'list',
        'element-id': 3,
        'element-required': true,
        element: { type: 'struct', fields: [price] },
      },
    },
  ] as const
  expect(nameMappingOf({ type: 'struct', fields: columns }, record)).toEqual([
    { 'field-id': 1, names: ['kafka_offset'] },
    {
      'field-id': 2,
      names: ['orderLines'],
      fields: [
        { 'field-id': 3, names: ['element'], fields: [{ 'field-id': 4, names: ['unitPrice'] }] },
      ],
    },
  ])
})

test('a missed snapshot counts as seen with the next one', () => {
  const sights = [
    { snapshotId: 1n, sequence: 1n, atMs: 10 },
    { snapshotId: 3n, sequence: 3n, atMs: 30 },
  ]
  expect(seenAtMs(sights, 2n)).toBe(30)
  expect(seenAtMs(sights, 4n)).toBeUndefined()
})
