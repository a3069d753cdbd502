import { UsageError } from '@tenseams/cli/errors'
import { expect, test } from 'vitest'
import { readLakeArguments } from './arguments.ts'

const whoAsks = (...args: string[]) => readLakeArguments(args).credentialsFile.split('/').at(-1)

test.each(['tables', 'query', 'history', 'verify'])('%s looks, as a reader', (command) => {
  expect(whoAsks(command)).toBe('reader.json')
})

test.each(['compact', 'expire', 'orphans', 'accept-log', 'remove-foreign'])(
  '%s changes a table, as the operator',
  (command) => {
    expect(whoAsks(command)).toBe('operator.json')
  },
)

test('the credentials of an instance are not sent to a catalogue or brokers of somebody’s own', () => {
  expect(() => whoAsks('tables', '--catalog', 'http://127.0.0.1:1')).toThrow(UsageError)
  expect(() => whoAsks('verify', '--kafka', '127.0.0.1:1')).toThrow(/--kafka needs --credentials/)
  const own = ['--catalog', 'http://127.0.0.1:1', '--credentials', '/my/own.json']
  expect(whoAsks('tables', ...own)).toBe('own.json')
})
