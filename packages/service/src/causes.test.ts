import { describe, expect, test } from 'vitest'
import { causesOf } from './causes.ts'

const messagesOf = (error: unknown) => [...causesOf(error)].map(({ message }) => message)

describe('the causes of an error', () => {
  test('come after the error itself, the outermost first', () => {
    const error = new Error('a', { cause: new Error('b', { cause: new Error('c') }) })
    expect(messagesOf(error)).toEqual(['a', 'b', 'c'])
  })

  test('end at a cause that is not an error', () => {
    expect(messagesOf(new Error('a', { cause: 'text' }))).toEqual(['a'])
    expect(messagesOf('text')).toEqual([])
  })

  test('are at most ten, also of an error that is its own cause', () => {
    const error = new Error('a')
    error.cause = error
    expect(messagesOf(error)).toHaveLength(10)
  })
})
