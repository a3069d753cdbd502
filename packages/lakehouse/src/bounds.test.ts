import { describe, expect, it } from 'vitest'
import { lowerBound, upperBound } from './bounds.ts'

describe('bounds', () => {
  it.each([
    ['boolean', 'true', '01'],
    ['int', '-2', 'feffffff'],
    ['long', '9223372036854775807', 'ffffffffffffff7f'],
    ['double', '1.5', '000000000000f83f'],
    ['date', '1970-01-02', '01000000'],
    ['timestamptz', '1970-01-01 00:00:01.5+00', '60e3160000000000'],
    ['timestamptz', '1969-12-31 23:59:59.999999+00', 'ffffffffffffffff'],
    ['string', 'é', 'c3a9'],
  ])('of %s %s are %s', (type, text, hex) => {
    expect(lowerBound(type, text)?.toString('hex')).toBe(hex)
    expect(upperBound(type, text)?.toString('hex')).toBe(hex)
  })

  it('of long texts are cut, the upper one raised so that it stays above', () => {
    expect(lowerBound('string', 'a'.repeat(40))?.toString()).toBe('a'.repeat(16))
    expect(upperBound('string', 'a'.repeat(40))?.toString()).toBe(`${'a'.repeat(15)}b`)
  })

  it('of a text that cannot be raised are left out', () => {
    expect(upperBound('string', '\u{10ffff}'.repeat(17))).toBeUndefined()
  })

  it('of types without a sure text form are left out', () => {
    expect(lowerBound('binary', '00FF')).toBeUndefined()
    expect(lowerBound('double', 'nan')).toBeUndefined()
    expect(lowerBound('timestamptz', '10000-01-01 00:00:00+00')).toBeUndefined()
  })
})
