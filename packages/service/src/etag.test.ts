import { describe, expect, test } from 'vitest'
import { etagOf, isNamedStrongly, isNamedWeakly } from './etag.ts'

describe('an entity tag', () => {
  test('is the version in quotes', () => {
    expect(etagOf(3n)).toBe('"3"')
  })

  test.each([
    ['"3"', true, true],
    ['"2", "3"', true, true],
    ['*', true, true],
    ['W/"3"', true, false],
    ['"2"', false, false],
    ['3', false, false],
    ['"33"', false, false],
    ['', false, false],
  ])('%s: matches If-None-Match %s, matches If-Match %s', (header, weakly, strongly) => {
    expect(isNamedWeakly(header, '"3"')).toBe(weakly)
    expect(isNamedStrongly(header, '"3"')).toBe(strongly)
  })
})
