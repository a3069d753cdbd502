import type { Direction } from '../difference.ts'
import type { SchemaChange } from './schema-change.ts'

/** The levels with a promise to older readers. */
const towardsOlderReaders = ['FORWARD', 'FORWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE'] as const

const both: readonly Direction[] = ['backward', 'forward']

/** A message with an id, so that it is never empty, and the given fields. */
function thing(fields: string, { name = 'tenseams.test.v1', before = '' } = {}): string {
  return [
    'syntax = "proto3";',
    `package ${name};`,
    before,
    `message Thing {\n  string id = 1;\n  ${fields}\n}`,
    'message Placed { string sku = 1; }',
    'message Ordered { string sku = 1; }',
    '',
  ].join('\n\n')
}

/** Changes of Protobuf contracts. */
export const protobufChanges: readonly SchemaChange[] = (
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
      refused: [
        { rule: 'field-removed', refusedBy: 'specification', breaks: ['backward'] },
        { rule: 'field-added', refusedBy: 'registry', breaks: ['forward'] },
      ],
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
      registry: {
        refusesUnder: [],
        because: 'it compares fields by name and number, and ignores the oneof around them',
      },
    },
    {
      name: 'the package is renamed',
      older: [thing('')],
      newer: thing('', { name: 'tenseams.test.v2' }),
      refused: [{ rule: 'name-changed', refusedBy: 'specification', breaks: both }],
      registry: {
        refusesUnder: [],
        because: 'it compares messages by their names without the package',
      },
    },
    {
      name: 'another message comes first',
      older: [thing('')],
      newer: thing('', { before: 'message Other { string id = 1; }' }),
      refused: [{ rule: 'envelope-changed', refusedBy: 'project', breaks: both }],
      registry: {
        refusesUnder: towardsOlderReaders,
        because: 'it treats a message that older readers lack as removed',
      },
    },
    {
      name: 'a symbol is added to an enum',
      older: [thing('Kind kind = 2; enum Kind { UNKNOWN = 0; }')],
      newer: thing('Kind kind = 2; enum Kind { UNKNOWN = 0; NEW = 1; }'),
      refused: [],
      registry: {
        refusesUnder: towardsOlderReaders,
        because: 'it treats a symbol that older readers lack as removed',
      },
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
