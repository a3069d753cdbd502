import { describe, expect, it } from 'vitest'
import { LakehouseError } from '../errors.ts'
import type { TableMetadata } from '../format/metadata.ts'
import type { ColumnType, Field, ListType, MapType, StructType } from '../format/schema.ts'
import type { Catalog, CommitOutcome } from './catalog.ts'
import { ensureSchema, planEvolution } from './evolve.ts'

const struct = (...fields: readonly Field[]): StructType => ({ type: 'struct', fields })
const field = (id: number, name: string, type: ColumnType, required = false): Field => ({
  id,
  name,
  required,
  type,
})
const wasCalled = (aliases: readonly string[], renamed: Field): Field => ({ ...renamed, aliases })
const list = (id: number, element: ColumnType, required = false): ListType => ({
  type: 'list',
  'element-id': id,
  element,
  'element-required': required,
})
const map = (ids: readonly [number, number], key: ColumnType, value: ColumnType): MapType => ({
  type: 'map',
  'key-id': ids[0],
  key,
  'value-id': ids[1],
  value,
  'value-required': true,
})

const eventId = field(1, 'event_id', 'string', true)
const current = struct(
  eventId,
  field(2, 'placed', struct(field(5, 'total', 'int', true))),
  field(6, 'lines', list(7, struct(field(8, 'sku', 'string', true)), true)),
)
const [, placed, lines] = current.fields as readonly [Field, Field, Field]

describe('the evolution of a schema', () => {
  it('is empty when the table has every column, whatever the ids and the order', () => {
    const wanted = struct(
      field(3, 'lines', list(4, struct(field(5, 'sku', 'string', true)), true)),
      field(9, 'event_id', 'string', true),
      field(8, 'placed', struct(field(7, 'total', 'int', true)), true),
    )
    expect(planEvolution(current, wanted, 8)).toBeUndefined()
  })

  it('adds optional columns with new ids, last; known ones keep theirs', () => {
    const wanted = struct(
      field(1, 'cancelled', struct(field(2, 'reason', 'string', true)), true),
      eventId,
      field(3, 'placed', struct(field(6, 'note', 'string', true), field(4, 'total', 'int', true))),
      field(
        7,
        'lines',
        list(8, struct(field(9, 'sku', 'string', true), field(10, 'n', 'int')), true),
      ),
    )
    const grown = struct(field(5, 'total', 'int', true), field(10, 'note', 'string'))
    const line = struct(field(8, 'sku', 'string', true), field(11, 'n', 'int'))
    expect(planEvolution(current, wanted, 9)).toMatchObject({
      lastColumnId: 13,
      schema: struct(
        eventId,
        field(2, 'placed', grown),
        field(6, 'lines', list(7, line, true)),
        field(12, 'cancelled', struct(field(13, 'reason', 'string', true))),
      ),
    })
  })

  it('renames the column that an alias names, and looks for its members under the old name', () => {
    const ordered = wasCalled(
      ['placed'],
      field(9, 'ordered', struct(wasCalled(['total'], field(9, 'sum', 'int', true)))),
    )
    expect(planEvolution(current, struct(eventId, ordered, lines), 8)).toEqual({
      lastColumnId: 8,
      schema: struct(eventId, field(2, 'ordered', struct(field(5, 'sum', 'int', true))), lines),
      changes: [
        { kind: 'renamed', column: 'ordered' },
        { kind: 'renamed', column: 'ordered.sum' },
      ],
    })
  })

  it('does not treat an alias as a rename when the table or the schema has both names', () => {
    const both = struct(
      eventId,
      placed,
      lines,
      wasCalled(['placed'], field(9, 'ordered', 'string')),
    )
    expect(planEvolution(current, both, 8)?.changes).toEqual([{ kind: 'added', column: 'ordered' }])
    const renamed = struct(field(1, 'a', 'int'), field(2, 'b', 'int'))
    const wanted = struct(wasCalled(['a'], field(1, 'b', 'int')))
    expect(planEvolution(renamed, wanted, 2)).toBeUndefined()
  })

  it('renames by id when the schema was derived from the table’s own, also swapped names', () => {
    const before = struct(field(1, 'a', 'int'), field(2, 'b', 'int'))
    const swapped = struct(field(1, 'b', 'int'), field(2, 'a', 'int'))
    expect(planEvolution(before, swapped, 2)).toBeUndefined()
    expect(planEvolution(before, swapped, 2, { matching: 'id' })?.schema).toEqual(swapped)
  })

  it.each<[string, string]>([
    ['int', 'long'],
    ['float', 'double'],
    ['decimal(9,2)', 'decimal(18, 2)'],
  ])('widens %s to %s, also in lists and maps, and never back', (narrow, wide) => {
    const shape = (type: string) =>
      struct(
        field(1, 'value', type),
        field(2, 'many', list(3, type)),
        field(4, 'by_name', map([5, 6], 'string', type)),
      )
    expect(planEvolution(shape(narrow), shape(wide), 6)).toEqual({
      lastColumnId: 6,
      schema: shape(wide),
      changes: ['value', 'many.element', 'by_name.value'].map((column) => ({
        kind: 'widened',
        column,
      })),
    })
    expect(planEvolution(shape(wide), shape(narrow), 6)).toBeUndefined()
  })

  it('makes columns optional that new rows may lack: wanted as optional, or no longer wanted', () => {
    const wanted = struct(
      field(1, 'event_id', 'string'),
      field(2, 'placed', struct()),
      field(6, 'lines', list(7, struct(field(8, 'sku', 'string', true)))),
    )
    expect(planEvolution(current, wanted, 8)).toEqual({
      lastColumnId: 8,
      schema: struct(
        field(1, 'event_id', 'string'),
        field(2, 'placed', struct(field(5, 'total', 'int'))),
        field(6, 'lines', list(7, struct(field(8, 'sku', 'string', true)))),
      ),
      changes: ['event_id', 'placed.total', 'lines.element'].map((column) => ({
        kind: 'relaxed',
        column,
      })),
    })
  })

  it('never makes an optional column required, and never removes one', () => {
    const optional = struct(field(1, 'a', 'int'), field(2, 'b', 'int'))
    expect(planEvolution(optional, struct(field(1, 'a', 'int', true)), 2)).toBeUndefined()
  })

  it('reorders only on request, with unwanted columns last', () => {
    const wanted = struct(lines, field(9, 'fresh', 'int'), eventId)
    const plan = planEvolution(current, wanted, 8, { order: 'as-wanted' })
    expect(plan?.schema.fields.map(({ id, name }) => [id, name])).toEqual([
      [6, 'lines'],
      [9, 'fresh'],
      [1, 'event_id'],
      [2, 'placed'],
    ])
    expect(plan?.changes.filter(({ kind }) => kind === 'moved')).toHaveLength(3)
    const again = planEvolution(plan?.schema ?? current, wanted, 9, { order: 'as-wanted' })
    expect(again).toBeUndefined()
  })

  it.each<[string, ColumnType, ColumnType, RegExp]>([
    [
      'text to a number',
      'string',
      'long',
      /column x cannot change from string to long: .*new topic/,
    ],
    ['a whole number to a decimal one', 'int', 'double', /from int to double/],
    ['another scale', 'decimal(9,2)', 'decimal(18,3)', /from decimal\(9,2\) to decimal\(18,3\)/],
    ['a value to a struct', 'int', struct(), /from int to struct/],
    ['a list to a map', list(2, 'int'), map([2, 3], 'int', 'int'), /from list to map/],
    ['a member of a list', list(2, 'int'), list(2, 'string'), /column x.element cannot change/],
    [
      'the key of a map',
      map([2, 3], 'int', 'int'),
      map([2, 3], 'long', 'int'),
      /column x.key cannot/,
    ],
  ])('refuses %s', (_what, from, to, message) => {
    const plan = () => planEvolution(struct(field(1, 'x', from)), struct(field(1, 'x', to)), 3)
    expect(plan).toThrow(message)
    expect(plan).toThrow(expect.objectContaining({ code: 'SCHEMA_INCOMPATIBLE' }))
  })

  it('refuses two columns that match one, or have the same name', () => {
    const twice = struct(
      wasCalled(['event_id'], field(1, 'a', 'string')),
      wasCalled(['event_id'], field(2, 'b', 'string')),
    )
    expect(() => planEvolution(current, twice, 8)).toThrow(/a and b both match .* event_id/)
    const collides = struct(field(1, 'placed', 'string', true))
    expect(() => planEvolution(current, collides, 8, { matching: 'id' })).toThrow(/two columns/)
  })

  it('refuses a writer that does not know of a rename, instead of adding a second column', () => {
    const renamed = struct(field(1, 'id', 'string', true), placed, lines)
    const earlier = [current, renamed]
    expect(() => planEvolution(renamed, current, 8, { earlier })).toThrow(
      /column event_id is called id by now: /,
    )
    const knowing = struct(
      field(1, 'id', 'string', true),
      field(2, 'event_id', 'string'),
      placed,
      lines,
    )
    expect(planEvolution(renamed, knowing, 8, { earlier })?.changes).toEqual([
      { kind: 'added', column: 'event_id' },
    ])
  })
})

describe('a table’s schema', () => {
  const metadataWith = (schema: StructType, schemaId = 0): TableMetadata => ({
    ...({} as TableMetadata),
    tableUuid: 'u',
    lastColumnId: 8,
    schema: {
      ...schema,
      'schema-id': schemaId,
      'identifier-field-ids': [1],
    } as TableMetadata['schema'],
    schemas: [],
  })
  const conflict: CommitOutcome = {
    kind: 'refused',
    error: new LakehouseError('CATALOG_CONFLICT', 'another was first'),
  }
  const wanted = struct(...current.fields, field(9, 'note', 'string'))
  const grown = metadataWith(struct(...current.fields, field(9, 'note', 'string')), 1)

  /** Answers each commit with the next outcome, and records the requests. */
  const catalogWith = (outcomes: readonly CommitOutcome[], loaded: TableMetadata) => {
    const commits: unknown[] = []
    const catalog = {
      commitTable: async (_table: unknown, request: unknown) => {
        commits.push(request)
        return outcomes[commits.length - 1] ?? conflict
      },
      loadTable: async () => loaded,
    } as unknown as Catalog
    return { catalog, commits }
  }
  const table = { namespace: 'bronze', name: 'orders' }

  it('is changed only if it is still the one planned for, and keeps its identifier fields', async () => {
    const { catalog, commits } = catalogWith([{ kind: 'committed', metadata: grown }], grown)
    expect(await ensureSchema(catalog, table, metadataWith(current, 4), wanted)).toBe(grown)
    expect(commits).toMatchObject([
      {
        requirements: [
          { type: 'assert-table-uuid' },
          { type: 'assert-current-schema-id', 'current-schema-id': 4 },
          { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 8 },
        ],
        updates: [
          { action: 'add-schema', schema: { 'identifier-field-ids': [1] }, 'last-column-id': 9 },
          { action: 'set-current-schema', 'schema-id': -1 },
        ],
      },
    ])
  })

  it('that another process has changed first is used as it is', async () => {
    const { catalog, commits } = catalogWith([conflict], grown)
    expect(await ensureSchema(catalog, table, metadataWith(current), wanted)).toBe(grown)
    expect(commits).toHaveLength(1)
  })

  it('is given up after repeated conflicts', async () => {
    const { catalog, commits } = catalogWith([], metadataWith(current))
    const trying = ensureSchema(catalog, table, metadataWith(current), wanted)
    await expect(trying).rejects.toMatchObject({ code: 'CATALOG_CONFLICT' })
    expect(commits).toHaveLength(5)
  })

  it('is not tried again while the outcome of a change is unknown', async () => {
    const error = new LakehouseError('CATALOG_UNAVAILABLE', 'no answer')
    const { catalog, commits } = catalogWith([{ kind: 'unknown', error }], grown)
    const trying = ensureSchema(catalog, table, metadataWith(current), wanted)
    await expect(trying).rejects.toBe(error)
    expect(commits).toHaveLength(1)
  })
})
