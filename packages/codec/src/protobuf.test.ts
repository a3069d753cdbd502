import { describe, expect, it } from 'vitest'
import { parseProtobuf } from './protobuf.ts'

const inFile = (text: string) => `syntax = "proto3";\npackage shop.thing.v1;\n${text}`

describe('a Protobuf contract', () => {
  it('has the shape that a value of it has', () => {
    const { envelope, shape } = parseProtobuf(
      inFile(`
        // A thing.
        // It is the envelope.
        message Thing {
          int64 thing_id = 1; // Its number.
          optional int32 size = 2;
          repeated Mark marks = 3;
          oneof body {
            Made made = 4;
            string lost_by = 5;
          }
        }
        message Mark { bool good = 1; double weight = 2; bytes seal = 3; }
        message Made { string by = 1; }`),
    )
    const mark = {
      type: 'record',
      name: 'Mark',
      fields: [
        { name: 'good', type: 'boolean' },
        { name: 'weight', type: 'double' },
        { name: 'seal', type: 'bytes' },
      ],
    }
    const made = { type: 'record', name: 'Made', fields: [{ name: 'by', type: 'string' }] }
    expect(envelope.fullName).toBe('.shop.thing.v1.Thing')
    expect(shape).toEqual({
      type: 'record',
      name: 'Thing',
      doc: 'A thing. It is the envelope.',
      fields: [
        { name: 'thingId', type: 'long', doc: 'Its number.' },
        { name: 'size', type: ['null', 'int'] },
        { name: 'marks', type: { type: 'array', items: mark } },
        { name: 'made', type: ['null', made] },
        { name: 'lostBy', type: ['null', 'string'] },
      ],
    })
  })

  it('is refused with everything that Node and Iceberg do not read alike', () => {
    const text = inFile(`
      message Thing {
        uint64 size = 1;
        float weight = 2;
        map<string, string> notes = 3;
        Kind kind = 4;
        Inner inner = 5;
      }
      enum Kind { NONE = 0; }
      message Inner { Thing thing = 1; }`)
    expect(() => parseProtobuf(text)).toThrow(
      [
        'Thing.size: type uint64: of the scalars only bool, int32, int64, double, string, bytes are read by Node and Iceberg alike',
        'Thing.weight: type float: of the scalars only bool, int32, int64, double, string, bytes are read by Node and Iceberg alike',
        'Thing.notes: maps have no order: use repeated',
        'Thing.kind: an enum: use a string with a checked set, as in the other contracts',
        'Inner.thing: a message within itself',
      ].join('\n'),
    )
  })

  it.each([
    ['', 'a package and a message'],
    ['syntax = "proto3"; message Thing {}', 'a package and a message'],
    [inFile('enum Kind { NONE = 0; }\nmessage Thing {}'), 'a package and a message'],
    ['package shop.thing.v1; message Thing { optional string name = 1; }', 'proto3'],
    [inFile('import "google/protobuf/any.proto"; message Thing {}'), 'one file'],
    ['{"type":"record"}', 'illegal'],
  ])('is refused when it is %j', (text, reason) => {
    expect(() => parseProtobuf(text)).toThrow(reason)
  })
})
