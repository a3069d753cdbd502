import { expect, it } from 'vitest'
import { differencesOf } from './gate/differences.ts'
import { parseSchema } from './schemas.ts'

const schema = (type: unknown, value: unknown) =>
  JSON.stringify({
    type: 'record',
    name: 'Thing',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'mark', type, default: value },
    ],
  })

const within = { type: 'record', name: 'Inner', fields: [{ name: 'mark', type: 'bytes' }] }

it.each([
  ['bytes', '€', 'a code point above 255'],
  [{ type: 'array', items: 'bytes' }, ['a', '\u{1F600}'], 'a code point above 255'],
  [within, { mark: 'Ā' }, 'a code point above 255'],
  ['string', '\ud800', 'half of a character'],
])(
  'the default of %j is not %j, which Node and Java write with other bytes',
  (type, value, why) => {
    expect(() => parseSchema(schema(type, value), 'a.avsc')).toThrow(why)
    const compare = () => differencesOf('avro', 'FULL', [schema('long', 0)], schema(type, value))
    expect(compare).toThrow(why)
  },
)

it.each([
  ['bytes', 'ÿ'],
  ['string', '€\u{1F600}'],
  [['null', 'bytes'], null],
])('the default of %j may be %j', (type, value) => {
  expect(() => parseSchema(schema(type, value), 'a.avsc')).not.toThrow()
})

it('a field without a type is refused in words', () => {
  expect(() => parseSchema(schema(undefined, ''), 'a.avsc')).toThrow('mark: the type is missing')
  const text = schema(undefined, '')
  expect(() => differencesOf('avro', 'FULL', [text], text)).toThrow('mark: the type is missing')
})
