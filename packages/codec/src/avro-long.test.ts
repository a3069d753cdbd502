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

  it('does not change the defaults of other types', () => {
    expect(seen('"double"', '9007199254740993')).toBe(9_007_199_254_740_992)
    expect(seen('"string"', '"9007199254740993"')).toBe('9007199254740993')
    expect(seen('["null","long"]', 'null')).toBeNull()
  })
})
