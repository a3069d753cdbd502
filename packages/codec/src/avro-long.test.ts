import { describe, expect, it } from 'vitest'
import { avroType } from './avro-long.ts'

/** What a reader with this default sees in a record that lacks the field; the default as it stands in the text. */
function seen(type: string, value: string): unknown {
  const text = `{"type":"record","name":"Thing","fields":[
    {"name":"id","type":"int"}, {"name":"count","type":${type},"default":${value}}]}`
  const writer = avroType('{"type":"record","name":"Thing","fields":[{"name":"id","type":"int"}]}')
  const reader = avroType(text)
  const bytes = writer.toBuffer({ id: 1 })
  return reader.fromBuffer(bytes, reader.createResolver(writer)).count
}

describe('the default of a long', () => {
  it.each([
    ['9007199254740993', 9_007_199_254_740_993n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['7', 7n],
  ])('is read exactly: %s', (text, value) => {
    expect(seen('"long"', text)).toBe(value)
    expect(seen('{"type":"long"}', text)).toBe(value)
    expect(seen('{"type":"array","items":"long"}', `[${text}]`)).toEqual([value])
    const inner = '{"type":"record","name":"Inner","fields":[{"name":"n","type":"long"}]}'
    expect(seen(inner, `{"n":${text}}`)).toEqual({ n: value })
  })

  it.each(['9223372036854775808', '1.5', '"7"', 'true', 'null'])(
    'is refused when it is %s',
    (text) => {
      expect(() => seen('"long"', text)).toThrow('the default of count is')
    },
  )

  it.each([
    ['"int"', '1.0'],
    ['"int"', '-0.0'],
    ['"long"', '1e2'],
    ['{"type":"long"}', '2147483647.0'],
    ['{"type":"long","logicalType":"timestamp-millis"}', '1E0'],
    ['{"type":"array","items":"long"}', '[1e2]'],
    ['{"type":"record","name":"Inner","fields":[{"name":"n","type":"int"}]}', '{"n":7.0}'],
  ])('is refused with a point or an exponent, as Java refuses it: %s of %s', (type, text) => {
    expect(() => seen(type, text)).toThrow('is written with a point or an exponent')
  })

  it('may have a point or an exponent where the number need not be whole', () => {
    expect(seen('"double"', '1e2')).toBe(100)
    expect(seen('"double"', '1.0')).toBe(1)
    expect(seen('{"type":"array","items":"double"}', '[1.0, 2e0]')).toEqual([1, 2])
    expect(seen('"int"', '-0')).toBe(-0)
    const noted = '{"type":"string","note":[1.0,{"n":1e2}]}'
    expect(seen(noted, '"x"')).toBe('x')
  })

  it('does not change the defaults of other types', () => {
    expect(seen('"double"', '9007199254740993')).toBe(9_007_199_254_740_992)
    expect(seen('"string"', '"9007199254740993"')).toBe('9007199254740993')
    expect(seen('["null","long"]', 'null')).toBeNull()
  })
})
