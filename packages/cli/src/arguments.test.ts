import { describe, expect, test } from 'vitest'
import { commandOf, oneOf, optionalWholeNumber, readArguments, wholeNumber } from './arguments.ts'
import { UsageError } from './errors.ts'
import { endpointsOf, instanceOptions, portOffsetOf } from './instance-options.ts'

describe('the arguments of a verb', () => {
  const options = { ...instanceOptions, all: { type: 'boolean' } } as const

  test('are values of the options and the positionals beside them', () => {
    const { values, positionals } = readArguments(['list', '--all', '--instance', 'two'], options)
    expect(values).toMatchObject({ all: true, instance: 'two' })
    expect(positionals).toEqual(['list'])
  })

  test.each([[['--unheard']], [['--instance']], [['--all=yes']]])('%j is refused', (args) => {
    expect(() => readArguments(args, options)).toThrow(UsageError)
  })

  test('--offset does not move ports', () => {
    expect(() => readArguments(['--offset', '100'], options)).toThrow(/'--offset'/)
  })
})

describe('a whole number', () => {
  test('is within its bounds, both included', () => {
    const bounds = { least: 1, most: 3 }
    expect(['1', '3'].map((text) => wholeNumber('--n', text, bounds))).toEqual([1, 3])
    for (const text of ['0', '4']) {
      expect(() => wholeNumber('--n', text, bounds)).toThrow(/--n .* from 1 to 3, not/)
    }
  })

  test.each(['', '-1', '1.5', '1e3', ' 1', 'many', '9007199254740993'])('is not "%s"', (text) => {
    expect(() => wholeNumber('--n', text)).toThrow(UsageError)
  })

  test('may be left out where it is optional', () => {
    expect(optionalWholeNumber('--n', undefined)).toBeUndefined()
    expect(optionalWholeNumber('--n', '7')).toBe(7)
  })
})

test('a choice is one of those that there are', () => {
  expect(oneOf('--size', 'small', ['small', 'large'])).toBe('small')
  expect(() => oneOf('--size', 'huge', ['small', 'large'])).toThrow(/small, large, not "huge"/)
  expect(() => commandOf('fly', ['list'])).toThrow(/no command "fly"/)
  expect(() => commandOf(undefined, ['list'])).toThrow(/which command/)
})

describe('an instance that a verb is to work on', () => {
  test('keeps the port offset of its last start unless another one is given', () => {
    expect(portOffsetOf({ instance: 'never-started' })).toBeUndefined()
    expect(portOffsetOf({ instance: 'never-started', 'port-offset': '100' })).toBe(100)
  })

  test('has its own addresses, and without a start those of the offset 0', () => {
    expect(endpointsOf({ instance: 'never-started' }).brokers).toBe('127.0.0.1:20011')
    const moved = endpointsOf({ instance: 'never-started', 'port-offset': '300' })
    expect(moved.registryUrl).toBe('http://127.0.0.1:20320/apis/ccompat/v7')
  })

  test.each(['50', '-100', '20000', 'x'])('has no port offset of %s', (offset) => {
    expect(() => endpointsOf({ instance: 'two', 'port-offset': offset })).toThrow()
  })
})
