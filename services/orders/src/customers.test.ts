import { describe, expect, test } from 'vitest'
import { seal, unseal } from './customers.ts'

const key = Buffer.alloc(32, 1)

describe('personal data', () => {
  test('is decrypted with its own key only', () => {
    const sealed = seal(key, 'Ada Lovelace')
    expect(sealed.toString('latin1')).not.toContain('Ada')
    expect(unseal(key, sealed)).toBe('Ada Lovelace')
    expect(() => unseal(Buffer.alloc(32, 2), sealed)).toThrow()
  })

  test('is different ciphertext each time, so equal values cannot be recognised', () => {
    expect(seal(key, 'Ada')).not.toEqual(seal(key, 'Ada'))
  })
})
