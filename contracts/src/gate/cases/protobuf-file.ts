import { both, service, thing } from './protobuf-texts.ts'
import type { SchemaChange } from './schema-change.ts'

/** Two messages `B` with these messages in them. */
function within(inner: string, outer: string): string {
  return `${thing('')}message A { message B { ${inner} } } message B { ${outer} }`
}

/** Changes of what is in a Protobuf file beside the fields: package, messages, names of types, rpcs, enums. */
export const fileChanges: readonly SchemaChange[] = (
  [
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
      refused: [
        { rule: 'envelope-changed', refusedBy: 'project', breaks: both },
        { rule: 'message-unknown', refusedBy: 'registry', breaks: ['forward'] },
      ],
    },
    {
      name: 'a message that nothing uses is added',
      older: [thing('')],
      newer: `${thing('')}message Gone { string sku = 1; }`,
      refused: [{ rule: 'message-unknown', refusedBy: 'registry', breaks: ['forward'] }],
    },
    {
      name: 'a message is removed, and the field that had it is reserved',
      older: [`${thing('Gone gone = 2;')}message Gone { string sku = 1; }`],
      newer: thing('reserved 2; reserved "gone";'),
      refused: [
        { rule: 'message-unknown', refusedBy: 'registry', breaks: ['backward'] },
        { rule: 'number-reserved', refusedBy: 'registry', breaks: ['forward'] },
      ],
    },
    {
      name: 'a message is removed that reserves a number and has no field',
      older: [`${thing('')}message Gone { reserved 1; }`],
      newer: thing(''),
      refused: [{ rule: 'tag-reused', refusedBy: 'registry', breaks: ['backward'] }],
    },
    {
      name: 'a message gets its first field',
      older: [thing('Gone gone = 2; message Gone {}')],
      newer: thing('Gone gone = 2; message Gone { string sku = 1; }'),
      refused: [{ rule: 'field-added', refusedBy: 'registry', breaks: ['forward'] }],
    },
    {
      name: 'a field is renamed in one of two messages with a name',
      older: [within('message C { string x = 1; }', 'message C { int32 y = 1; }')],
      newer: within('message C { string z = 1; }', 'message C { int32 y = 1; }'),
      refused: [{ rule: 'field-renamed', refusedBy: 'registry', breaks: both }],
    },
    {
      name: 'the name of a type gets the name of the message around it',
      older: [thing('Gone gone = 2; message Gone { string sku = 1; }')],
      newer: thing('Thing.Gone gone = 2; message Gone { string sku = 1; }'),
      refused: [{ rule: 'name-respelled', refusedBy: 'registry', breaks: both }],
    },
    {
      name: 'the name of a type gets the names of everything around it',
      older: [thing('Gone gone = 2; message Gone { string sku = 1; }')],
      newer: thing('.tenseams.test.v1.Thing.Gone gone = 2; message Gone { string sku = 1; }'),
      refused: [],
    },
    {
      name: 'the name of a type in a map gets the names of everything around it',
      older: [thing('map<string, Placed> places = 2;')],
      newer: thing('map<string, .tenseams.test.v1.Placed> places = 2;'),
      refused: [{ rule: 'name-respelled', refusedBy: 'registry', breaks: both }],
    },
    {
      name: 'an rpc is removed',
      older: [service('rpc Get(Placed) returns (Thing); rpc Put(Thing) returns (Placed);')],
      newer: service('rpc Get(Placed) returns (Thing);'),
      refused: [{ rule: 'rpc-unknown', refusedBy: 'registry', breaks: ['backward'] }],
    },
    {
      name: 'a service is added',
      older: [thing('')],
      newer: service('rpc Get(Placed) returns (Thing);'),
      refused: [{ rule: 'rpc-unknown', refusedBy: 'registry', breaks: ['forward'] }],
    },
    {
      name: 'an rpc answers with a stream',
      older: [service('rpc Get(Placed) returns (Thing);')],
      newer: service('rpc Get(Placed) returns (stream Thing);'),
      refused: [{ rule: 'rpc-changed', refusedBy: 'registry', breaks: both }],
    },
    {
      name: 'a symbol is added to an enum',
      older: [thing('Kind kind = 2; enum Kind { UNKNOWN = 0; }')],
      newer: thing('Kind kind = 2; enum Kind { UNKNOWN = 0; NEW = 1; }'),
      refused: [{ rule: 'symbol-unknown', refusedBy: 'registry', breaks: ['forward'] }],
    },
    {
      name: 'a symbol is removed, and its number and name are reserved',
      older: [thing('enum Kind { UNKNOWN = 0; OLD = 1; }')],
      newer: thing('enum Kind { UNKNOWN = 0; reserved 1; reserved "OLD"; }'),
      refused: [{ rule: 'symbol-unknown', refusedBy: 'registry', breaks: ['backward'] }],
    },
    {
      name: 'a symbol is renamed in an enum that nothing uses',
      older: [thing('enum Kind { UNKNOWN = 0; OLD = 1; }')],
      newer: thing('enum Kind { UNKNOWN = 0; FORMER = 1; }'),
      refused: [{ rule: 'symbol-renamed', refusedBy: 'registry', breaks: both }],
    },
    {
      name: 'a symbol gets another number',
      older: [thing('enum Kind { UNKNOWN = 0; OLD = 1; }')],
      newer: thing('enum Kind { UNKNOWN = 0; OLD = 2; }'),
      refused: [{ rule: 'number-changed', refusedBy: 'specification', breaks: both }],
    },
  ] satisfies readonly Omit<SchemaChange, 'format'>[]
).map((change) => ({ ...change, format: 'protobuf' }))
