import { expect, test } from 'vitest'
import { deadLettersIn, linesOf } from './dlq.ts'

const deadLetter = { timestamp: '0', key: null, headers: {} }

test('a dead letter shows its time, its key and its headers, with the lines of a stack', () => {
  const headers = { 'dead-letter-reason': Buffer.from('undecodable'), stack: 'a\n  at b' }
  expect(linesOf({ ...deadLetter, key: Buffer.from('é-1'), headers })).toEqual([
    'dead-lettered  1970-01-01T00:00:00.000Z',
    'key  é-1',
    'dead-letter-reason  undecodable',
    'stack  a\n  at b',
  ])
})

test.each(['9223372036854775807', '-9223372036854775808', '8640000000000001'])(
  'a dead letter of a time that no date has is shown, too: %s',
  (timestamp) => {
    expect(linesOf({ ...deadLetter, timestamp })[0]).toBe(
      `dead-lettered  ${timestamp} ms since 1970`,
    )
  },
)

test('what a dead letter has of control characters does not reach the terminal', () => {
  const headers = { 'a\u001b[2J': '\u001b]0;title\u0007', b: ['\r', '\u202e', '\u009b31m'] }
  const [, key, first, second] = linesOf({ ...deadLetter, key: Buffer.from('\u0000'), headers })
  expect(key).toBe('key  \\u{0}')
  expect(first).toBe('a\\u{1b}[2J  \\u{1b}]0;title\\u{7}')
  expect(second).toBe('b  \\u{d},\\u{202e},\\u{9b}31m')
})

test('nor does what a reason has of them reach the list', () => {
  const headers = { 'dead-letter-reason': 'a\u001b[2J' }
  const records = [{ ...deadLetter, partition: 0, offset: '0', value: null, headers }]
  expect(deadLettersIn(records, 'orders').map(({ reason }) => reason)).toEqual(['a\\u{1b}[2J'])
})
