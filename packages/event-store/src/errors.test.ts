import { expect, test } from 'vitest'
import { StoreUnavailableError, unavailable } from './errors.ts'

const coded = (code: string) => Object.assign(new Error('failed'), { code })

test.each(['25006', '28P01', '3D000', '53100', '57P03', '58030', 'XX000', '40001', 'EPIPE'])(
  'a statement that failed with %s meets an outage',
  (code) => expect(unavailable(coded(code))).toBeInstanceOf(StoreUnavailableError),
)

test('a lost connection, which has no code, is an outage', () => {
  expect(unavailable(new Error('Connection terminated'))).toBeInstanceOf(StoreUnavailableError)
})

test.each([
  coded('22003'),
  coded('23505'),
  coded('42601'),
  new TypeError('x is not a function'),
  Object.assign(new Error('undecodable'), { retriable: false }),
])('what is no outage is returned as it is: $code$name', (error) => {
  expect(unavailable(error)).toBe(error)
})
