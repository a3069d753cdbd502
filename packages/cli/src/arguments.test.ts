import { describe, expect, test } from 'vitest'
import {
  brokerList,
  commandOf,
  oneOf,
  optionalWholeNumber,
  readArguments,
  refuseStrays,
  webAddress,
  wholeNumber,
} from './arguments.ts'
import { UsageError } from './errors.ts'
import { endpointsOf, instanceOptions, portOffsetOf } from './instance-options.ts'

describe('the arguments of a verb', () => {
  const options = { ...instanceOptions, all: { type: 'boolean' } } as const

  test('are values of the options and the positionals beside them', () => {
    const { values, positionals } = readArguments(['list', '--all', '--instance', 'two'], options)
    expect(values).toMatchObject({ all: true, instance: 'two' })
    expect(positionals).toEqual(['list'])
  })

  test('are named when they are given, and not when they have their default', () => {
    const { given } = readArguments(['--all'], options)
    expect([...given]).toEqual(['all'])
  })

  test('may repeat an option with the same value, and one that may be given several times', () => {
    const kill = { ...options, kill: { type: 'string', multiple: true } } as const
    const args = ['--kill', 'a', '--kill', 'b', '--instance', 'one', '--instance=one']
    expect(readArguments(args, kill).values).toMatchObject({ kill: ['a', 'b'], instance: 'one' })
  })

  test.each([
    [['--instance=']],
    [['--instance', '']],
    [['--instance', 'one', '--instance', 'two']],
  ])('%j is refused', (args) => {
    expect(() => readArguments(args, options)).toThrow(UsageError)
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

test('an option is refused with a command that does not look at it', () => {
  const owners = { all: ['replay'], again: ['replay', 'show'] }
  const strays = (command: string, ...given: string[]) =>
    refuseStrays(command, new Set(given), owners)
  expect(() => strays('replay', 'all', 'again', 'instance')).not.toThrow()
  expect(() => strays('list', 'instance')).not.toThrow()
  expect(() => strays('show', 'all')).toThrow('--all goes with replay')
  expect(() => strays('list', 'again')).toThrow('--again goes with replay, show')
})

test.each([
  'nope',
  'ftp://x',
  'file:///etc',
  'http://',
  'http://a:99999',
  '127.0.0.1:80',
  ' ',
  '//x',
])('an address is not "%s"', (text) => {
  expect(() => webAddress('--url', text)).toThrow(UsageError)
})

test.each(['http://127.0.0.1:1', 'https://host/apis/ccompat/v7'])('an address is %s', (text) => {
  expect(webAddress('--url', text)).toBe(text)
})

test.each(['x', ':', 'a:b', ',', 'a:1,', '127.0.0.1:99999', 'a:0', 'a b:1', 'http://a:1'])(
  'brokers are not "%s"',
  (text) => {
    expect(() => brokerList('--brokers', text)).toThrow(UsageError)
  },
)

test.each(['127.0.0.1:9092', 'a:1,b:65535', '[::1]:9092'])('brokers are %s', (text) => {
  expect(brokerList('--brokers', text)).toBe(text)
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
