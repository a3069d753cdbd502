import { describe, expect, test } from 'vitest'
import { cursorIn, cursorText } from './changes.ts'

const orderId = '0198c0de-0000-7000-8000-000000000001'
const updatedAt = '2026-12-01T12:00:00.123456Z'

describe('a cursor', () => {
  test('is read as it was written, to the microsecond', () => {
    expect(cursorIn(cursorText({ updatedAt, orderId }))).toEqual({ updatedAt, orderId })
  })

  test('may be a time alone, which stands before every order of it', () => {
    const before = '00000000-0000-0000-0000-000000000000'
    expect(cursorIn('2026-12-01T12:00:00.123Z')).toEqual({
      updatedAt: '2026-12-01T12:00:00.123Z',
      orderId: before,
    })
  })

  test.each(['', 'yesterday', '2026-13-41T99:00:00.000Z', `${updatedAt}_1`, `_${orderId}`])(
    'is never "%s"',
    (text) => {
      expect(cursorIn(text)).toBeUndefined()
    },
  )
})
