import { both, ignoresOneofs, thing } from './protobuf-texts.ts'
import type { SchemaChange } from './schema-change.ts'

/** Changes of the fields of Protobuf messages. */
export const fieldChanges: readonly SchemaChange[] = (
  [
    {
      name: 'a field is added',
      older: [thing('')],
      newer: thing('string note = 2;'),
      refused: [{ rule: 'field-added', refusedBy: 'registry', breaks: ['forward'] }],
    },
    {
      name: 'a field is removed',
      older: [thing('string note = 2;')],
      newer: thing(''),
      refused: [{ rule: 'field-removed', refusedBy: 'specification', breaks: ['backward'] }],
    },
    {
      name: 'a field is removed, and its number and name are reserved',
      older: [thing('string note = 2;')],
      newer: thing('reserved 2; reserved "note";'),
      refused: [{ rule: 'number-reserved', refusedBy: 'registry', breaks: ['forward'] }],
    },
    {
      name: 'a field is removed, and its number alone is reserved',
      older: [thing('string note = 2;')],
      newer: thing('reserved 2;'),
      refused: [
        { rule: 'field-removed', refusedBy: 'registry', breaks: ['backward'] },
        { rule: 'number-reserved', refusedBy: 'registry', breaks: ['forward'] },
      ],
    },
    {
      name: 'a field is renamed',
      older: [thing('string note = 2;')],
      newer: thing('string remark = 2;'),
      refused: [{ rule: 'field-renamed', refusedBy: 'registry', breaks: both }],
    },
    {
      name: 'a field gets another number',
      older: [thing('string note = 2;')],
      newer: thing('string note = 3;'),
      refused: [{ rule: 'number-changed', refusedBy: 'specification', breaks: both }],
    },
    {
      name: 'a field gets another number, and the former one is reserved',
      older: [thing('string note = 2;')],
      newer: thing('string note = 3; reserved 2;'),
      refused: [
        { rule: 'number-changed', refusedBy: 'specification', breaks: both },
        { rule: 'number-reserved', refusedBy: 'registry', breaks: ['forward'] },
      ],
    },
    {
      name: 'fewer numbers are reserved',
      older: [thing('reserved 5 to 9;')],
      newer: thing('reserved 5 to 6, 8 to 9;'),
      refused: [{ rule: 'tag-reused', refusedBy: 'specification', breaks: ['backward'] }],
    },
    {
      name: 'reserved numbers are written in another way',
      older: [thing('reserved 5 to 9;')],
      newer: thing('reserved 7 to 9, 5, 6;'),
      refused: [],
    },
    {
      name: 'a type is changed',
      older: [thing('int64 amount = 2;')],
      newer: thing('string amount = 2;'),
      refused: [{ rule: 'type-changed', refusedBy: 'specification', breaks: both }],
    },
    {
      name: 'an int32 becomes an int64',
      older: [thing('int32 amount = 2;')],
      newer: thing('int64 amount = 2;'),
      refused: [{ rule: 'column-type-changed', refusedBy: 'registry', breaks: both }],
    },
    {
      name: 'a string becomes bytes',
      older: [thing('string note = 2;')],
      newer: thing('bytes note = 2;'),
      refused: [
        { rule: 'column-type-changed', refusedBy: 'registry', breaks: ['backward'] },
        { rule: 'type-changed', refusedBy: 'specification', breaks: ['forward'] },
      ],
    },
    {
      name: 'a message replaces another',
      older: [thing('Placed placed = 2;')],
      newer: thing('Ordered placed = 2;'),
      refused: [{ rule: 'type-changed', refusedBy: 'specification', breaks: both }],
    },
    {
      name: 'a number is used for another field',
      older: [thing('int64 amount = 2;')],
      newer: thing('string note = 2;'),
      refused: [{ rule: 'tag-reused', refusedBy: 'specification', breaks: both }],
    },
    {
      name: 'a reserved number is used again',
      older: [thing('reserved 2;')],
      newer: thing('string note = 2;'),
      refused: [
        { rule: 'tag-reused', refusedBy: 'specification', breaks: ['backward'] },
        { rule: 'field-added', refusedBy: 'registry', breaks: ['forward'] },
      ],
    },
    {
      name: 'one value becomes many',
      older: [thing('string note = 2;')],
      newer: thing('repeated string note = 2;'),
      refused: [{ rule: 'cardinality-changed', refusedBy: 'specification', breaks: both }],
    },
    {
      name: 'a field gets presence',
      older: [thing('string note = 2;')],
      newer: thing('optional string note = 2;'),
      refused: [{ rule: 'presence-changed', refusedBy: 'registry', breaks: both }],
    },
    {
      name: 'two fields move into a oneof',
      older: [thing('string note = 2; string remark = 3;')],
      newer: thing('oneof text { string note = 2; string remark = 3; }'),
      refused: [{ rule: 'oneof-changed', refusedBy: 'specification', breaks: both }],
      registry: ignoresOneofs,
    },
    {
      name: 'a field moves into a oneof that was there',
      older: [thing('string note = 2; oneof text { string remark = 3; string comment = 4; }')],
      newer: thing('oneof text { string note = 2; string remark = 3; string comment = 4; }'),
      refused: [{ rule: 'oneof-changed', refusedBy: 'specification', breaks: both }],
      registry: ignoresOneofs,
    },
    {
      name: 'a oneof is divided',
      older: [thing('oneof text { string note = 2; string remark = 3; }')],
      newer: thing('oneof text { string note = 2; } oneof other { string remark = 3; }'),
      refused: [{ rule: 'oneof-changed', refusedBy: 'specification', breaks: both }],
      registry: ignoresOneofs,
    },
    {
      name: 'a oneof is renamed',
      older: [thing('oneof text { string note = 2; Placed placed = 3; }')],
      newer: thing('oneof body { string note = 2; Placed placed = 3; }'),
      refused: [],
    },
    {
      name: 'one field moves into a new oneof',
      older: [thing('string note = 2; Placed placed = 3;')],
      newer: thing('oneof text { string note = 2; } oneof body { Placed placed = 3; }'),
      refused: [],
    },
    {
      name: 'an optional field moves into a new oneof',
      older: [thing('optional string note = 2;')],
      newer: thing('oneof text { string note = 2; }'),
      refused: [{ rule: 'label-changed', refusedBy: 'registry', breaks: both }],
    },
    {
      name: 'a label is written before a message, which always has presence',
      older: [thing('Placed placed = 2;')],
      newer: thing('optional Placed placed = 2;'),
      refused: [{ rule: 'label-changed', refusedBy: 'registry', breaks: both }],
    },
    {
      name: 'a number is used again that an earlier version had',
      older: [thing('int64 amount = 2;'), thing('')],
      newer: thing('string note = 2;'),
      refused: [{ rule: 'field-added', refusedBy: 'registry', breaks: ['forward'] }],
      refusedEarlier: [{ rule: 'tag-reused', refusedBy: 'specification', breaks: both }],
    },
  ] satisfies readonly Omit<SchemaChange, 'format'>[]
).map((change) => ({ ...change, format: 'protobuf' }))
