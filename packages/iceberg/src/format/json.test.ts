import { describe, expect, it } from 'vitest'
import { parseJson, writeJson } from './json.ts'

describe('JSON with int64', () => {
  it('keeps an id above 2^53 that JSON.parse would round', () => {
    const text = '{"snapshot-id":9007199254740993,"small":12}'
    expect(parseJson(text)).toEqual({ 'snapshot-id': 9_007_199_254_740_993n, small: 12 })
    expect(writeJson(parseJson(text))).toBe(text)
  })

  it('keeps both ends of int64', () => {
    const text = '[9223372036854775807,-9223372036854775808]'
    expect(writeJson(parseJson(text))).toBe(text)
  })

  it('leaves fractions, exponents and text as they are', () => {
    const text = '[1.5,1e300,"9007199254740993"]'
    expect(parseJson(text)).toEqual([1.5, 1e300, '9007199254740993'])
  })
})
