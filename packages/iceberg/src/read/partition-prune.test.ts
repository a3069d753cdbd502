import { describe, expect, it } from 'vitest'
import { partitionColumns, partitionOf } from '../format/partition-spec.ts'
import type { Value } from '../format/row.ts'
import type { TableSchema } from '../format/schema.ts'
import { dataFile, MemoryTable } from '../testing/memory-table.ts'
import { partitionPruner } from './partition-prune.ts'
import type { Condition } from './prune.ts'

const types = ['int', 'long', 'string', 'timestamptz', 'date'] as const
const schema: TableSchema = {
  type: 'struct',
  'schema-id': 0,
  fields: types.map((type, index) => ({ id: index + 1, name: type, required: false, type })),
}
const { metadata } = new MemoryTable({
  schema,
  schemas: [schema],
  partitionSpecs: [
    { 'spec-id': 0, fields: [] },
    ...types.map((type, index) => ({
      'spec-id': index + 1,
      fields: [
        {
          'source-id': index + 1,
          'field-id': 1_000 + index,
          name: `${type}-bucket`,
          transform: 'bucket[16]',
        },
      ],
    })),
  ],
})

const valuesOf = (type: (typeof types)[number]): readonly (string | number | bigint)[] =>
  Array.from({ length: 40 }, (_, index) => {
    const number = (index - 20) * 7_919
    if (type === 'string') return `text ${number}`
    return type === 'int' || type === 'date' ? number : BigInt(number) * 1_000_003n
  })

const holds = (specId: number, row: Value, condition: Condition): boolean => {
  const columns = partitionColumns(metadata, specId)
  const partition = partitionOf(columns, { [condition.column]: row })
  return partitionPruner(metadata, schema, [condition])(dataFile('a', { partition }), specId)
}

describe('buckets', () => {
  it.each(types)('of %s hold their own values, and few of the others', (column) => {
    const specId = types.indexOf(column) + 1
    const values = valuesOf(column)
    let others = 0
    for (const row of values) {
      for (const value of values) {
        const may = holds(specId, row, { column, op: '=', value })
        if (row === value) expect([value, may]).toEqual([value, true])
        else if (may) others++
      }
      expect(holds(specId, row, { column, op: 'in', value: values })).toBe(true)
      expect(holds(specId, row, { column, op: 'in', value: [] })).toBe(false)
    }
    expect(others).toBeLessThan((values.length * values.length) / 8)
  })

  it('prune nothing for ranges, for values written in another form, and for tables without buckets', () => {
    const [row, value] = [1, 34]
    expect(holds(1, row, { column: 'int', op: '=', value })).toBe(false)
    expect(holds(1, row, { column: 'int', op: '=', value: 34n })).toBe(false)
    expect(holds(1, row, { column: 'int', op: '<', value })).toBe(true)
    expect(holds(1, row, { column: 'int', op: '=', value: 2.5 })).toBe(true)
    expect(holds(0, row, { column: 'int', op: '=', value })).toBe(true)
    const file = dataFile('written by another')
    const filter = [{ column: 'int', op: '=', value }] as const
    expect(partitionPruner(metadata, schema, filter)(file, 1)).toBe(true)
  })

  it('of null hold no value', () => {
    expect(holds(1, null, { column: 'int', op: '=', value: 2 })).toBe(false)
    expect(holds(1, null, { column: 'int', op: 'is-null' })).toBe(true)
  })
})
