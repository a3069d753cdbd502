import { describe, expect, it } from 'vitest'
import { planAdditions } from './evolve.ts'
import type { Field, StructType } from './schema.ts'

const struct = (...fields: readonly Field[]): StructType => ({ type: 'struct', fields })
const field = (id: number, name: string, type: Field['type'], required = false): Field => ({
  id,
  name,
  required,
  type,
})

const current = struct(
  field(1, 'event_id', 'string', true),
  field(2, 'placed', struct(field(5, 'total', 'long', true))),
)

describe('the additions to a schema', () => {
  it('are none when the table has every column, whatever their ids', () => {
    const wanted = struct(
      field(9, 'event_id', 'string', true),
      field(8, 'placed', struct(field(7, 'total', 'long'))),
    )
    expect(planAdditions(current, wanted, 5)).toBeUndefined()
  })

  it('are optional, get new ids and stand last; known columns keep theirs', () => {
    const wanted = struct(
      field(1, 'cancelled', struct(field(2, 'reason', 'string', true)), true),
      field(3, 'placed', struct(field(4, 'total', 'long'), field(5, 'note', 'string', true))),
    )
    expect(planAdditions(current, wanted, 9)).toEqual({
      lastColumnId: 12,
      schema: struct(
        field(1, 'event_id', 'string', true),
        field(2, 'placed', struct(field(5, 'total', 'long', true), field(10, 'note', 'string'))),
        field(11, 'cancelled', struct(field(12, 'reason', 'string', true))),
      ),
    })
  })

  it('never change a type', () => {
    const wanted = struct(field(1, 'event_id', 'long'))
    expect(() => planAdditions(current, wanted, 5)).toThrow(/event_id would change its type/)
  })
})
