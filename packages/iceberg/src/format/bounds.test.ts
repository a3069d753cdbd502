import { describe, expect, it } from 'vitest'
import { lowerBound, upperBound } from './bounds.ts'

describe('bounds', () => {
  it.each([
    ['boolean', '1', '01'],
    ['boolean', '0', '00'],
    ['int', '-2', 'feffffff'],
    ['long', '9223372036854775807', 'ffffffffffffff7f'],
    ['double', '1.5', '000000000000f83f'],
    ['date', '1970-01-02', '01000000'],
    ['timestamptz', '1970-01-01 00:00:01.5+00', '60e3160000000000'],
    ['timestamptz', '1969-12-31 23:59:59.999999+00', 'ffffffffffffffff'],
    ['string', 'é', 'c3a9'],
    ['time', '00:00:01.5', '60e3160000000000'],
    ['decimal(9, 2)', '14.20', '058c'],
    ['decimal(9,2)', '-0.01', 'ff'],
    ['decimal(38, 0)', '128', '0080'],
    ['uuid', 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 'f79c3e09677c4bbda4793f349cb785e7'],
  ])('of %s %s are %s', (type, text, hex) => {
    expect(lowerBound(type, text)?.toString('hex')).toBe(hex)
    expect(upperBound(type, text)?.toString('hex')).toBe(hex)
  })

  it('of zero hold for both zeros', () => {
    for (const zero of ['0.0', '-0.0']) {
      expect(lowerBound('double', zero)?.toString('hex')).toBe('0000000000000080')
      expect(upperBound('float', zero)?.toString('hex')).toBe('00000000')
    }
  })

  it('of long texts are truncated, the upper one raised so that it stays above', () => {
    expect(lowerBound('string', 'a'.repeat(40))?.toString()).toBe('a'.repeat(16))
    expect(upperBound('string', 'a'.repeat(40))?.toString()).toBe(`${'a'.repeat(15)}b`)
  })

  it('of a text that cannot be raised are left out', () => {
    expect(upperBound('string', '\u{10ffff}'.repeat(17))).toBeUndefined()
  })

  it('of types without an exact text form are left out', () => {
    expect(lowerBound('binary', '00FF')).toBeUndefined()
    expect(lowerBound('double', 'nan')).toBeUndefined()
    expect(lowerBound('timestamptz', '10000-01-01 00:00:00+00')).toBeUndefined()
  })
})
