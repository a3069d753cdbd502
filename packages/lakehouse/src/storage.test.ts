import { describe, expect, it } from 'vitest'
import { fileStorage } from './storage.ts'

describe('storage', () => {
  it.each([
    ['file:/a/b%2Fc', '/a/b%2Fc'],
    ['file:///a/b c', '/a/b c'],
    ['file:///a/b', '/a/b'],
    ['/a/b', '/a/b'],
  ])('finds %s at %s', (uri, path) => expect(fileStorage.locate(uri)).toBe(path))

  it('knows no other place yet', () => {
    expect(() => fileStorage.locate('s3://bucket/a')).toThrow(/no file on this machine/)
  })
})
