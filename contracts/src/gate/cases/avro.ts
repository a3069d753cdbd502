import { both, branch, nullableText, record, thing } from './avro-texts.ts'
import type { SchemaChange } from './schema-change.ts'

const kind = (...symbols: readonly string[]) => ({ type: 'enum', name: 'Kind', symbols })
const item = (type: unknown) => ({
  name: 'items',
  type: {
    type: 'array',
    items: { type: 'record', name: 'Item', fields: [{ name: 'quantity', type }] },
  },
})
const time = (type: object) => ({ name: 'at', type: { type: 'long', ...type } })
const nullableTime = { type: 'long', logicalType: 'timestamp-millis' }

/** Changes of fields and types in Avro contracts. Enums and general unions, which Flink or Iceberg cannot read, test the registry's verdict. */
export const typeChanges: readonly SchemaChange[] = (
  [
    {
      name: 'a nullable field is added',
      older: [thing()],
      newer: thing({ name: 'note', ...nullableText }),
      refused: [],
    },
    {
      name: 'a nullable branch is added',
      older: [thing()],
      newer: thing(branch({ name: 'sku', type: 'string' })),
      refused: [],
    },
    {
      name: 'a field without default is added',
      older: [thing()],
      newer: thing({ name: 'note', type: 'string' }),
      refused: [
        { rule: 'field-without-default', refusedBy: 'specification', breaks: ['backward'] },
      ],
    },
    {
      name: 'a field without default is added within a branch',
      older: [thing(branch({ name: 'sku', type: 'string' }))],
      newer: thing(branch({ name: 'sku', type: 'string' }, { name: 'note', type: 'string' })),
      refused: [
        { rule: 'field-without-default', refusedBy: 'specification', breaks: ['backward'] },
      ],
    },
    {
      name: 'a nullable field is removed',
      older: [thing({ name: 'note', ...nullableText })],
      newer: thing(),
      refused: [],
    },
    {
      name: 'a field without default is removed',
      older: [thing({ name: 'note', type: 'string' })],
      newer: thing(),
      refused: [{ rule: 'field-removed', refusedBy: 'specification', breaks: ['forward'] }],
    },
    {
      name: 'a type is changed',
      older: [thing({ name: 'amount', type: 'long' })],
      newer: thing({ name: 'amount', type: 'string' }),
      refused: [{ rule: 'type-changed', refusedBy: 'specification', breaks: both }],
    },
    {
      name: 'a type is changed within an array',
      older: [thing(item('int'))],
      newer: thing(item('string')),
      refused: [{ rule: 'type-changed', refusedBy: 'specification', breaks: both }],
    },
    {
      name: 'an int becomes a long',
      older: [thing({ name: 'amount', type: 'int' })],
      newer: thing({ name: 'amount', type: 'long' }),
      refused: [
        { rule: 'type-changed', refusedBy: 'specification', breaks: ['forward'] },
        { rule: 'column-type-changed', refusedBy: 'project', breaks: ['backward'] },
      ],
    },
    {
      name: 'a nullable long becomes a required int',
      older: [thing({ name: 'amount', type: ['null', 'long'], default: null })],
      newer: thing({ name: 'amount', type: 'int' }),
      refused: [
        { rule: 'null-unreadable', refusedBy: 'specification', breaks: ['backward'] },
        { rule: 'type-changed', refusedBy: 'specification', breaks: ['backward'] },
        { rule: 'column-type-changed', refusedBy: 'project', breaks: ['forward'] },
      ],
    },
    {
      name: 'a required int becomes a nullable long',
      older: [thing({ name: 'amount', type: 'int' })],
      newer: thing({ name: 'amount', type: ['null', 'long'], default: null }),
      refused: [
        { rule: 'column-type-changed', refusedBy: 'project', breaks: ['backward'] },
        { rule: 'null-unreadable', refusedBy: 'specification', breaks: ['forward'] },
        { rule: 'type-changed', refusedBy: 'specification', breaks: ['forward'] },
      ],
    },
    {
      name: 'a nullable time becomes a required number',
      older: [thing({ name: 'at', type: ['null', nullableTime], default: null })],
      newer: thing(time({})),
      refused: [
        { rule: 'null-unreadable', refusedBy: 'specification', breaks: ['backward'] },
        { rule: 'logical-type-changed', refusedBy: 'project', breaks: ['forward'] },
      ],
    },
    {
      name: 'a string becomes bytes',
      older: [thing({ name: 'note', type: 'string' })],
      newer: thing({ name: 'note', type: 'bytes' }),
      refused: [{ rule: 'column-type-changed', refusedBy: 'project', breaks: both }],
    },
    {
      name: 'a time loses its logical type',
      older: [thing(time({ logicalType: 'timestamp-millis' }))],
      newer: thing(time({})),
      refused: [{ rule: 'logical-type-changed', refusedBy: 'project', breaks: both }],
    },
    {
      name: 'milliseconds become microseconds',
      older: [thing(time({ logicalType: 'timestamp-millis' }))],
      newer: thing(time({ logicalType: 'timestamp-micros' })),
      refused: [{ rule: 'logical-type-changed', refusedBy: 'project', breaks: both }],
    },
    {
      name: 'a nullable field is made required',
      older: [thing({ name: 'note', ...nullableText })],
      newer: thing({ name: 'note', type: 'string' }),
      refused: [{ rule: 'null-unreadable', refusedBy: 'specification', breaks: ['backward'] }],
    },
    {
      name: 'a required field is made nullable',
      older: [thing({ name: 'note', type: 'string' })],
      newer: thing({ name: 'note', ...nullableText }),
      refused: [{ rule: 'null-unreadable', refusedBy: 'specification', breaks: ['forward'] }],
    },
    {
      name: 'a branch is added to a union',
      older: [thing({ name: 'value', type: ['null', 'int'] })],
      newer: thing({ name: 'value', type: ['null', 'int', 'string'] }),
      refused: [{ rule: 'branch-unreadable', refusedBy: 'specification', breaks: ['forward'] }],
    },
    {
      name: 'a symbol is added to an enum without default',
      older: [thing({ name: 'kind', type: kind('A') })],
      newer: thing({ name: 'kind', type: kind('A', 'B') }),
      refused: [{ rule: 'symbol-unknown', refusedBy: 'specification', breaks: ['forward'] }],
    },
    {
      name: 'a symbol is removed from an enum without default',
      older: [thing({ name: 'kind', type: kind('A', 'B') })],
      newer: thing({ name: 'kind', type: kind('A') }),
      refused: [{ rule: 'symbol-unknown', refusedBy: 'specification', breaks: ['backward'] }],
    },
    {
      name: 'a symbol is added to an enum with default',
      older: [thing({ name: 'kind', type: { ...kind('A'), default: 'A' } })],
      newer: thing({ name: 'kind', type: { ...kind('A', 'B'), default: 'A' } }),
      refused: [],
    },
    {
      name: 'a record is renamed',
      older: [record('Thing', 'tenseams.test', [])],
      newer: record('Object', 'tenseams.test', []),
      refused: [{ rule: 'name-changed', refusedBy: 'specification', breaks: both }],
    },
    {
      name: 'a record moves to another namespace',
      older: [record('Thing', 'tenseams.test', [])],
      newer: record('Thing', 'tenseams.other', []),
      refused: [{ rule: 'name-changed', refusedBy: 'project', breaks: both }],
    },
    {
      name: 'a default is removed that older records need',
      older: [thing(), thing({ name: 'note', type: 'string', default: '' })],
      newer: thing({ name: 'note', type: 'string' }),
      refused: [],
      refusedEarlier: [
        { rule: 'field-without-default', refusedBy: 'specification', breaks: ['backward'] },
      ],
    },
    {
      name: 'a field is removed that older readers need',
      older: [
        thing({ name: 'note', type: 'string' }),
        thing({ name: 'note', type: 'string', default: '' }),
      ],
      newer: thing(),
      refused: [],
      refusedEarlier: [{ rule: 'field-removed', refusedBy: 'specification', breaks: ['forward'] }],
    },
  ] satisfies readonly Omit<SchemaChange, 'format'>[]
).map((change) => ({ ...change, format: 'avro' }))
